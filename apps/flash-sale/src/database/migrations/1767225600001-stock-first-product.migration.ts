import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Product } from '../../products/product.entity.js';

/** Something to buy, so that a fresh shop can be tried at once. */
export class StockFirstProduct1767225600001 implements MigrationInterface {
  async up({ manager }: QueryRunner): Promise<void> {
    await manager.insert(Product, { name: 'Phone, launch edition', stock: 1000, createdAt: new Date() });
  }

  async down({ manager }: QueryRunner): Promise<void> {
    await manager.delete(Product, { name: 'Phone, launch edition' });
  }
}
