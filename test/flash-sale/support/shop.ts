import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppProcess } from '../../../apps/flash-sale/scripts/app-process.mjs';

export interface ShopOptions {
  readonly instances: number;
  readonly env?: NodeJS.ProcessEnv;
  /** A compiled main.js instead of the sources. */
  readonly build?: string;
}

/** What an instance answered; the test knows what it asked for. */
export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

type Method = 'GET' | 'POST' | 'PUT';

/** A request, with headers of its own where it needs any. */
interface Sent {
  readonly method: Method;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** Everything that the application reads from its environment, so that nothing of this machine's gets in. */
const UNSET = {
  REDIS_URL: '',
  DATABASE_URL: '',
  DATABASE_FILE: '',
  STATS_CRON: '',
  LOCK_KEY_PREFIX: '',
  LOG_FORMAT: '',
  HOST: '',
  IDEMPOTENCY_LEASE_MS: '',
};

/** An environment in which an instance listens on any free port. */
export function shopEnv(env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return { ...process.env, ...UNSET, PORT: '0', NO_COLOR: '1', ...env };
}

/** Instances of the sample application, each a process of its own, that share one database and one Redis. */
export class Shop {
  /** The lines of each instance's log. */
  readonly logs: readonly string[][];
  readonly instances: readonly AppProcess[];

  private constructor(
    { instances, build }: ShopOptions,
    readonly folder: string,
    readonly env: NodeJS.ProcessEnv,
  ) {
    this.logs = Array.from({ length: instances }, () => []);
    this.instances = this.logs.map(
      (log) => new AppProcess({ env, cwd: folder, onLine: (line) => log.push(line), ...(build && { build }) }),
    );
  }

  /** Starts all instances at once, on a database that is not there yet. */
  static async open(options: ShopOptions): Promise<Shop> {
    const folder = await mkdtemp(join(tmpdir(), 'shop-'));
    const own = {
      REDIS_URL: process.env['TEST_REDIS_URL'],
      LOCK_KEY_PREFIX: `test-${randomUUID()}:`,
      DATABASE_FILE: join(folder, 'shop.sqlite'),
      LOG_FORMAT: 'json',
    };
    const shop = new Shop(options, folder, shopEnv({ ...own, ...options.env }));
    try {
      await Promise.all(shop.instances.map((instance) => instance.ready()));
    } catch (error) {
      await shop.stop();
      throw new Error(shop.logs.flat().join('\n'), { cause: error });
    }
    return shop;
  }

  get databaseFile(): string {
    return this.env['DATABASE_FILE'] ?? '';
  }

  get<T = unknown>(path: string, instance = 0): Promise<Answer<T>> {
    return this.ask(instance, path, { method: 'GET' });
  }

  post<T = unknown>(path: string, body?: object, instance = 0): Promise<Answer<T>> {
    return this.ask(instance, path, { method: 'POST', ...(body && { body: JSON.stringify(body) }) });
  }

  put<T = unknown>(path: string, body: object, instance = 0): Promise<Answer<T>> {
    return this.ask(instance, path, { method: 'PUT', body: JSON.stringify(body) });
  }

  /** As a client that brings headers of its own. */
  send<T = unknown>(method: Method, path: string, headers: Record<string, string>, body?: object, instance = 0): Promise<Answer<T>> {
    return this.ask(instance, path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  }

  /** Puts a new product on sale and returns its id. */
  async offer(stock: number): Promise<number> {
    return (await this.post<{ id: number }>('/products', { name: 'Something', stock })).body.id;
  }

  async stockOf(productId: number): Promise<number> {
    return (await this.get<{ stock: number }>(`/products/${String(productId)}`)).body.stock;
  }

  url(instance: number): string {
    return this.instances[instance % this.instances.length]?.url ?? '';
  }

  async stop(): Promise<void> {
    await Promise.all(this.instances.map((instance) => instance.stop()));
    await rm(this.folder, { recursive: true, force: true });
  }

  private async ask<T>(instance: number, path: string, { headers: own = {}, ...init }: Sent): Promise<Answer<T>> {
    // A connection that is kept may be closed just when it is used again.
    const headers = { ...own, connection: 'close', 'content-type': 'application/json' };
    const response = await fetch(`${this.url(instance)}${path}`, { ...init, headers });
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    const body: unknown = await (isJson ? response.json() : response.text());
    // Whoever calls says what the endpoint answers.
    return { status: response.status, headers: response.headers, body: body as T };
  }
}
