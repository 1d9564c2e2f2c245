import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Locked, LockService } from 'nestjs-redis-lock';
import { MoreThan, Repository } from 'typeorm';
import { heldFence } from '../locks/held-fence.js';
import { Product } from '../products/product.entity.js';
import { ProductNotFoundException } from '../products/product-not-found.exception.js';
import { SoldOutException } from '../products/sold-out.exception.js';
import { Order } from './order.entity.js';
import { OrderNotFoundException } from './order-not-found.exception.js';
import { OtherOrderException } from './other-order.exception.js';

/** What a buyer wants. `onceKey`: see Order. */
export type OrderRequest = Pick<Order, 'userId' | 'quantity' | 'onceKey'>;

@Injectable()
export class OrdersService {
  constructor(
    @InjectRepository(Order) private readonly orders: Repository<Order>,
    private readonly locks: LockService,
  ) {}

  /** The orders of a product, or of all of them, oldest first. */
  async list({ productId, after, limit }: { productId?: number | undefined; after: number; limit: number }): Promise<Order[]> {
    return this.orders.find({
      where: { ...(productId !== undefined && { productId }), id: MoreThan(after) },
      order: { id: 'ASC' },
      take: limit,
    });
  }

  /** @throws OrderNotFoundException, also for another buyer's order */
  async get(id: number, userId: string): Promise<Order> {
    const order = await this.orders.findOneBy({ id, userId });
    if (order === null) throw new OrderNotFoundException(id);
    return order;
  }

  /**
   * Takes the pieces from the stock and makes the order, both or neither, under the lock of everybody who touches a stock.
   *
   * `@Idempotent` alone cannot make this happen once: a process that dies after the commit and before its reply leaves a record in progress, and
   * whoever retries when its lease has ended runs the handler again. What is done for good must be found where it was done. So the key is
   * saved with the order, in the same transaction and unique: the second attempt finds the order and returns it.
   * @throws ProductNotFoundException, SoldOutException, OtherOrderException
   * @throws LockBusyError when the stock's turn does not come within the module's `wait`
   */
  @Locked('inventory:{productId}', '3s')
  async create(productId: number, { userId, quantity, onceKey }: OrderRequest): Promise<Order> {
    return this.orders.manager.transaction(async (manager) => {
      const made = onceKey === null ? null : await manager.findOneBy(Order, { onceKey });
      if (made !== null) {
        if (made.productId !== productId || made.quantity !== quantity) throw new OtherOrderException(made.id);
        return made;
      }
      const product = await manager.findOneBy(Product, { id: productId });
      if (product === null) throw new ProductNotFoundException(productId);
      if (product.stock < quantity) throw new SoldOutException(productId);

      await manager.update(Product, { id: productId }, { stock: product.stock - quantity });
      const order = await manager.save(manager.create(Order, { productId, userId, quantity, onceKey, createdAt: new Date() }));

      // Whoever lost the lock on the way has nothing to commit.
      heldFence(this.locks, `inventory:${productId}`);
      return order;
    });
  }
}
