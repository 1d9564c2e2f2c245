import { MigrationExecutor, type DataSource } from 'typeorm';

/** Any number that nothing else in the database uses for an advisory lock. */
const MIGRATION_LOCK = 1_767_225_600;

/**
 * Brings the schema up to date. Every instance does this when it starts, so it happens in one transaction that lets in one at a time:
 * on SQLite because it begins as a writer, on PostgreSQL by an advisory lock. Whoever comes second finds nothing left to do.
 */
export async function migrate(dataSource: DataSource): Promise<void> {
  const runner = dataSource.createQueryRunner();
  try {
    await runner.startTransaction();
    if (dataSource.options.type === 'postgres') await runner.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await new MigrationExecutor(dataSource, runner).executePendingMigrations();
    await runner.commitTransaction();
  } catch (error) {
    if (runner.isTransactionActive) await runner.rollbackTransaction();
    throw error;
  } finally {
    await runner.release();
  }
}
