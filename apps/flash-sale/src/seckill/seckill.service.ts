import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { Locked, LockService } from 'nestjs-redis-lock';
import { DataSource } from 'typeorm';
import { heldFence } from '../locks/held-fence.js';
import { Order } from '../orders/order.entity.js';
import { onceKeyOfSeckill } from '../orders/once-key.js';
import { Product } from '../products/product.entity.js';
import { ProductNotFoundException } from '../products/product-not-found.exception.js';
import { SoldOutException } from '../products/sold-out.exception.js';
import { AlreadyBoughtException } from './already-bought.exception.js';

@Injectable()
export class SeckillService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly locks: LockService,
  ) {}

  /**
   * One piece for one user. Nobody waits: in a flash sale a quick "try again" is worth more than a place in a long line.
   * The lock is around the transaction, not in it, so that the next buyer sees what this one has committed.
   * @throws AlreadyBoughtException, SoldOutException, ProductNotFoundException
   * @throws LockBusyError while somebody else is buying the same product
   */
  @Locked('inventory:{productId}', { ttl: '3s', wait: 0, message: '商品太火爆，请稍后再试' })
  async buy(productId: number, userId: string): Promise<Order> {
    return this.dataSource.transaction(async (manager) => {
      const product = await manager.findOneBy(Product, { id: productId });
      if (product === null) throw new ProductNotFoundException(productId);
      const onceKey = onceKeyOfSeckill(productId, userId);
      if (await manager.existsBy(Order, { onceKey })) throw new AlreadyBoughtException(productId, userId);
      if (product.stock < 1) throw new SoldOutException(productId);

      await manager.update(Product, { id: productId }, { stock: product.stock - 1 });
      const order = await manager.save(manager.create(Order, { productId, userId, quantity: 1, onceKey, createdAt: new Date() }));

      // Whoever lost the lock on the way has nothing to commit.
      heldFence(this.locks, `inventory:${productId}`);
      return order;
    });
  }
}
