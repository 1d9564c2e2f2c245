import { TableColumn, TableUnique, type MigrationInterface, type QueryRunner } from 'typeorm';

const ONE_PER_USER = new TableUnique({ name: 'orders_one_per_user', columnNames: ['productId', 'userId'] });
const ONE_PER_KEY = new TableUnique({ name: 'orders_one_per_once_key', columnNames: ['onceKey'] });

/** Orders of several pieces, and several by one user; what may happen once is told by a key instead. */
export class OrderPiecesOnce1767225600002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.dropUniqueConstraint('orders', ONE_PER_USER);
    await runner.addColumns('orders', [
      new TableColumn({ name: 'quantity', type: 'integer', default: 1 }),
      new TableColumn({ name: 'onceKey', type: 'varchar', isNullable: true }),
    ]);
    // Up to now all orders came from the flash sale.
    await runner.query(`UPDATE orders SET "onceKey" = 'seckill:' || CAST("productId" AS varchar) || ':' || "userId"`);
    await runner.createUniqueConstraint('orders', ONE_PER_KEY);
  }

  /** Fails where a user has several orders of a product by now: none of them may be thrown away. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.dropUniqueConstraint('orders', ONE_PER_KEY);
    await runner.dropColumns('orders', ['onceKey', 'quantity']);
    await runner.createUniqueConstraint('orders', ONE_PER_USER);
  }
}
