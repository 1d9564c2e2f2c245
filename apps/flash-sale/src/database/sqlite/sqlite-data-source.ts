import { DataSource, type QueryRunner } from 'typeorm';
import { BetterSqlite3Driver } from 'typeorm/driver/better-sqlite3/BetterSqlite3Driver.js';
import { ConnectionTurns } from './connection-turns.js';
import { SqliteQueryRunner } from './sqlite-query-runner.js';

/** A data source over SQLite whose callers take turns, so that transactions of concurrent requests stay apart. */
export class SqliteDataSource extends DataSource {
  private readonly turns = new ConnectionTurns();

  override createQueryRunner(): QueryRunner {
    if (!(this.driver instanceof BetterSqlite3Driver)) throw new TypeError(`Not a SQLite driver: ${this.options.type}`);
    const runner = new SqliteQueryRunner(this.driver, this.turns);
    return Object.assign(runner, { manager: this.createEntityManager(runner) });
  }
}
