import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';

const ID = { name: 'id', type: 'integer', isPrimary: true, isGenerated: true, generationStrategy: 'increment' } as const;

/** The tables of the shop. Only types that SQLite and PostgreSQL both have. */
export class CreateShop1767225600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(
      new Table({
        name: 'products',
        columns: [
          ID,
          { name: 'name', type: 'varchar' },
          { name: 'stock', type: 'integer' },
          { name: 'fence', type: 'bigint', default: 0 },
          { name: 'createdAt', type: 'bigint' },
        ],
        // The last line of defence: whatever the locks do, nothing is sold that is not there.
        checks: [{ name: 'products_stock_not_negative', expression: '"stock" >= 0' }],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'orders',
        columns: [ID, { name: 'productId', type: 'integer' }, { name: 'userId', type: 'varchar' }, { name: 'createdAt', type: 'bigint' }],
        uniques: [{ name: 'orders_one_per_user', columnNames: ['productId', 'userId'] }],
        indices: [{ name: 'orders_by_time', columnNames: ['createdAt'] }],
        foreignKeys: [
          { name: 'orders_of_a_product', columnNames: ['productId'], referencedTableName: 'products', referencedColumnNames: ['id'] },
        ],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'sales_reports',
        columns: [
          ID,
          { name: 'periodStart', type: 'bigint', isNullable: true },
          { name: 'periodEnd', type: 'bigint' },
          { name: 'orders', type: 'integer' },
          { name: 'buyers', type: 'integer' },
          { name: 'soldOut', type: 'integer' },
          { name: 'madeAt', type: 'bigint' },
          { name: 'madeBy', type: 'varchar' },
        ],
        uniques: [{ name: 'sales_reports_one_per_period', columnNames: ['periodEnd'] }],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('sales_reports');
    await runner.dropTable('orders');
    await runner.dropTable('products');
  }
}
