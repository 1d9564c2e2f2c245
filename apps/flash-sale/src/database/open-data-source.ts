import { DataSource, type DataSourceOptions } from 'typeorm';
import { DatabaseUnavailableError } from './database-unavailable.error.js';
import { migrate } from './migrate.js';
import { SqliteDataSource } from './sqlite/sqlite-data-source.js';

/** Connects and brings the schema up to date. @throws DatabaseUnavailableError */
export async function openDataSource(options: DataSourceOptions | undefined): Promise<DataSource> {
  if (options === undefined) throw new TypeError('No options for the data source.');
  const dataSource = options.type === 'better-sqlite3' ? new SqliteDataSource(options) : new DataSource(options);
  try {
    await dataSource.initialize();
    await migrate(dataSource);
  } catch (error) {
    if (dataSource.isInitialized) await dataSource.destroy();
    throw new DatabaseUnavailableError(error);
  }
  return dataSource;
}
