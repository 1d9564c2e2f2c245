import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { LessThanOrEqual, Repository, type EntityManager } from 'typeorm';
import { Product } from './product.entity.js';
import { ProductNotFoundException } from './product-not-found.exception.js';
import { StaleFenceException } from './stale-fence.exception.js';

/**
 * Stock whose writers show the fence of their lock. The row remembers the highest one that has claimed it, and refuses every lower one: right even
 * where a lock cannot be, when a process is paused for longer than its lease and goes on writing.
 */
@Injectable()
export class FencedStock {
  constructor(@InjectRepository(Product) private readonly rows: Repository<Product>) {}

  /**
   * Reads what is left, for whoever wants to change it. It claims the row first: from there on nobody who had the lock before can change what
   * is read. The same fence may claim a row again.
   * @throws ProductNotFoundException, StaleFenceException
   */
  async claim(productId: number, fence: number): Promise<number> {
    const claimed = await this.rows.update({ id: productId, fence: LessThanOrEqual(fence) }, { fence });
    const product = await this.rows.findOneBy({ id: productId });
    if (product === null) throw new ProductNotFoundException(productId);
    if (claimed.affected === 0) throw new StaleFenceException(productId, fence);
    return product.stock;
  }

  /**
   * Writes what is left.
   * @param manager of the transaction that this belongs to; none by default
   * @throws StaleFenceException where somebody else has claimed the row meanwhile
   */
  async save(productId: number, fence: number, stock: number, manager: EntityManager = this.rows.manager): Promise<void> {
    const saved = await manager.update(Product, { id: productId, fence }, { stock });
    if (saved.affected === 0) throw new StaleFenceException(productId, fence);
  }
}
