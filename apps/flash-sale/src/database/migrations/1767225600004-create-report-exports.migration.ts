import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';

/** The journal of exports. */
export class CreateReportExports1767225600004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(
      new Table({
        name: 'report_exports',
        columns: [
          { name: 'id', type: 'integer', isPrimary: true, isGenerated: true, generationStrategy: 'increment' },
          { name: 'productId', type: 'integer', isNullable: true },
          { name: 'startedBy', type: 'varchar' },
          { name: 'startedAt', type: 'bigint' },
          { name: 'endedAt', type: 'bigint', isNullable: true },
          { name: 'orders', type: 'integer', default: 0 },
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('report_exports');
  }
}
