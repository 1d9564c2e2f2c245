import libsql from 'libsql';

const BUSY_TIMEOUT_MS = 5_000;
const SAMPLE_TURNS = 500_000;
const SAMPLES = 3;

/** A second way into a shop's SQLite file, past the application. */
export class ShopDatabase {
  private readonly database: libsql.Database;
  private triggers = 0;

  constructor(file: string) {
    this.database = new libsql(file, { timeout: BUSY_TIMEOUT_MS });
  }

  /** @returns the rows; whoever asks says what is in them */
  rows<T>(query: string, ...values: unknown[]): T[] {
    return this.database.prepare(query).all(...values) as T[];
  }

  /** The one number that a query comes to. */
  number(query: string, ...values: unknown[]): number {
    const [row = {}] = this.rows<object>(query, ...values);
    return Number(Object.values(row)[0]);
  }

  /** Runs any number of statements. */
  run(statements: string): void {
    this.database.exec(statements);
  }

  /**
   * Makes some statements of all processes take so long, or longer where the machine is busy; SQLite works all that time. What was committed
   * before one of them is there for readers meanwhile, and the process that has sent it does nothing else.
   * @param on as a trigger has it: `BEFORE UPDATE ON products WHEN NEW.stock = 3`
   * @returns makes them quick again
   */
  slowDown(on: string, ms: number): () => void {
    const name = `slow_${String(++this.triggers)}`;
    const turns = Math.round((SAMPLE_TURNS * ms) / Math.min(...Array.from({ length: SAMPLES }, () => this.sampleMs())));
    // A trigger may not count like this, but may look at what does.
    this.run(`CREATE VIEW ${name}_view AS ${counting(turns)};
      CREATE TRIGGER ${name} ${on} BEGIN SELECT * FROM ${name}_view; END`);
    return () => this.run(`DROP TRIGGER ${name}; DROP VIEW ${name}_view`);
  }

  stop(): Promise<void> {
    this.database.close();
    return Promise.resolve();
  }

  private sampleMs(): number {
    const since = performance.now();
    this.rows(counting(SAMPLE_TURNS));
    return performance.now() - since;
  }
}

function counting(turns: number): string {
  return `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${String(turns)}) SELECT COUNT(*) AS turns FROM n`;
}
