import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';

/** Prices, part by part. */
export class CreatePriceParts1767225600003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(
      new Table({
        name: 'price_parts',
        columns: [
          { name: 'productId', type: 'integer', isPrimary: true },
          { name: 'kind', type: 'varchar', isPrimary: true },
          { name: 'cents', type: 'integer' },
          { name: 'validFrom', type: 'bigint' },
          { name: 'version', type: 'bigint' },
        ],
        foreignKeys: [
          { name: 'price_parts_of_a_product', columnNames: ['productId'], referencedTableName: 'products', referencedColumnNames: ['id'] },
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('price_parts');
  }
}
