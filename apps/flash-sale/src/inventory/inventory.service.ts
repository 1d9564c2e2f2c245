import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Locked, LockService } from 'nestjs-redis-lock';
import { Repository } from 'typeorm';
import { FencedStock } from '../products/fenced-stock.js';
import { Product } from '../products/product.entity.js';
import { ProductsService } from '../products/products.service.js';
import { SoldOutException } from '../products/sold-out.exception.js';

/**
 * Takes one piece of a product from the stock, in four ways. Each reads, subtracts and saves in separate statements,
 * as code does whose subtraction is a business rule that SQL cannot express. All return what is left.
 *
 * Whoever touches a stock does so under the same lock, `inventory:{productId}`: two locks for one thing would guard nothing.
 */
@Injectable()
export class InventoryService {
  constructor(
    @InjectRepository(Product) private readonly rows: Repository<Product>,
    private readonly products: ProductsService,
    private readonly stock: FencedStock,
    private readonly locks: LockService,
  ) {}

  /** How not to do it: two callers read the same number, and one of their subtractions is lost. */
  async decrementWithoutLock(productId: number): Promise<number> {
    return this.takeOne(productId);
  }

  /** Waits in line for the lock. @throws LockBusyError when its turn does not come within the module's `wait` */
  @Locked('inventory:{productId}', '10s')
  async decrementLocked(productId: number): Promise<number> {
    return this.takeOne(productId);
  }

  /** Asks for the lock again after 100, 200 and 300 ms. @throws LockBusyError when it was busy each time */
  @Locked('inventory:{productId}', { ttl: '10s', wait: { retries: 3, delay: '100ms', backoff: 'linear' } })
  async decrementWithRetry(productId: number): Promise<number> {
    return this.takeOne(productId);
  }

  /** Waits in line as well, and the database checks the fence. @throws StaleFenceException */
  async decrementFenced(productId: number): Promise<number> {
    return this.locks.withLock(`inventory:${productId}`, { ttl: '10s' }, async ({ fence }) => {
      const stock = await this.stock.claim(productId, fence);
      if (stock < 1) throw new SoldOutException(productId);
      await this.stock.save(productId, fence, stock - 1);
      return stock - 1;
    });
  }

  private async takeOne(productId: number): Promise<number> {
    const { stock } = await this.products.get(productId);
    if (stock < 1) throw new SoldOutException(productId);
    await this.rows.update({ id: productId }, { stock: stock - 1 });
    return stock - 1;
  }
}
