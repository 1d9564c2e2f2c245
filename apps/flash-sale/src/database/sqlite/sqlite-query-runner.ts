import type { BetterSqlite3Driver } from 'typeorm/driver/better-sqlite3/BetterSqlite3Driver.js';
import { BetterSqlite3QueryRunner } from 'typeorm/driver/better-sqlite3/BetterSqlite3QueryRunner.js';
import type { ConnectionTurns, GiveBack } from './connection-turns.js';

type Query = BetterSqlite3QueryRunner['query'];

/**
 * A query runner that has the process's connection to itself from its first statement to its release.
 * TypeORM's own shares the connection among all callers at once, so that the statements of one request, and its rollback, end up inside
 * another one's transaction.
 */
export class SqliteQueryRunner extends BetterSqlite3QueryRunner {
  private turn: Promise<GiveBack> | undefined;

  constructor(
    driver: BetterSqlite3Driver,
    private readonly turns: ConnectionTurns,
  ) {
    super(driver);
  }

  override async connect(): Promise<unknown> {
    this.turn ??= this.turns.take();
    await this.turn;
    return super.connect();
  }

  override async query(...[statement, ...rest]: Parameters<Query>): Promise<Awaited<ReturnType<Query>>> {
    if (!this.isReleased) await this.connect();
    // A transaction that begins by reading cannot write any more once another process has written: SQLite refuses it at once,
    // whatever the busy timeout. One that says at its beginning that it will write waits for its turn instead.
    return super.query(statement === 'BEGIN TRANSACTION' ? 'BEGIN IMMEDIATE' : statement, ...rest);
  }

  override async release(): Promise<void> {
    if (this.isReleased) return;
    this.isReleased = true;
    await super.release();
    // Whoever asked for the turn has been told if it never came.
    const giveBack = await this.turn?.catch(() => undefined);
    giveBack?.();
  }
}
