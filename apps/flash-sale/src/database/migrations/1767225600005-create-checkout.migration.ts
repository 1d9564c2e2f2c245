import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';

const ID = { name: 'id', type: 'integer', isPrimary: true, isGenerated: true, generationStrategy: 'increment' } as const;

/** What is set aside for buyers, and what they paid. */
export class CreateCheckout1767225600005 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(
      new Table({
        name: 'reservations',
        columns: [
          ID,
          { name: 'productId', type: 'integer' },
          { name: 'userId', type: 'varchar' },
          { name: 'quantity', type: 'integer' },
          { name: 'state', type: 'varchar' },
          { name: 'fence', type: 'bigint' },
          { name: 'createdAt', type: 'bigint' },
        ],
        foreignKeys: [
          { name: 'reservations_of_a_product', columnNames: ['productId'], referencedTableName: 'products', referencedColumnNames: ['id'] },
        ],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'payments',
        columns: [
          ID,
          { name: 'reservationId', type: 'integer' },
          { name: 'cents', type: 'bigint' },
          { name: 'state', type: 'varchar' },
          { name: 'fence', type: 'bigint' },
          { name: 'createdAt', type: 'bigint' },
        ],
        uniques: [{ name: 'payments_one_per_reservation', columnNames: ['reservationId'] }],
        foreignKeys: [
          {
            name: 'payments_for_a_reservation',
            columnNames: ['reservationId'],
            referencedTableName: 'reservations',
            referencedColumnNames: ['id'],
          },
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('payments');
    await runner.dropTable('reservations');
  }
}
