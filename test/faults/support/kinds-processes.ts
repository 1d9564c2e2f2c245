import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import type { LockService, RedisLockModuleOptions } from 'nestjs-redis-lock';
import type { Crowd, CrowdReport, Entry, KindsAgentOptions, Wish } from '../children/kinds-agent.js';
import { ChildProgram } from './child-program.js';
import { micros } from './kinds-journal.js';
import { readVisits, type Visit, type Witness } from './kinds-judge.js';
import { keysLeft } from './lines.js';
import { Locks } from './locks.js';
import { Owned } from './owned.js';
import { OwnRedis } from './own-redis.js';
import { until } from './until.js';

/** A process of kinds-agent.ts. */
export class KindsProcess {
  private killedAt: number | undefined;

  private constructor(
    private readonly child: ChildProgram,
    private readonly path: string,
  ) {}

  static async start(options: KindsAgentOptions): Promise<KindsProcess> {
    return new KindsProcess(await ChildProgram.start('kinds-agent', options), options.journal);
  }

  get witness(): Witness {
    return { path: this.path, killedAt: this.killedAt };
  }

  /** Resolves when so many callers are inside, where they stay until `release`. */
  acquire(name: string, wish: Wish, callers = 1): Promise<Entry[]> {
    return this.child.ask('acquire', name, wish, callers);
  }

  release(name: string): Promise<string[]> {
    return this.child.ask('release', name);
  }

  /** So many callers come in and go, once each. @throws what one of them got instead */
  visit(wish: Wish, callers: number): Promise<unknown> {
    return this.child.ask('visit', wish, callers);
  }

  isHeld(name: string): Promise<boolean> {
    return this.child.ask('isHeld', name);
  }

  crowd(crowd: Crowd): Promise<CrowdReport> {
    return this.child.ask('crowd', crowd);
  }

  endCrowd(): Promise<void> {
    return this.child.ask('stop');
  }

  pause(): void {
    this.child.pause();
  }

  resume(): void {
    this.child.resume();
  }

  /** As a crash. */
  async stop(): Promise<void> {
    await this.child.stop();
    this.killedAt ??= micros();
  }
}

/** A Redis, processes on it, and what they tell of each other. */
export interface KindsScene {
  readonly redis: OwnRedis;
  readonly observer: Redis;
  /** A process that only looks, or holds what the test wants it to. */
  readonly service: LockService;
  readonly start: () => Promise<KindsProcess>;
  readonly startSome: (count: number) => Promise<KindsProcess[]>;
  /** What the callers of all processes did inside of these keys. */
  readonly visits: (...keys: string[]) => Visit[];
}

/** Sets one up that ends with its test. */
export async function kindsScene(owned: Owned, module: Partial<RedisLockModuleOptions> = {}): Promise<KindsScene> {
  const directory = await mkdtemp(join(tmpdir(), 'lock-kinds-'));
  owned.add({ stop: () => rm(directory, { recursive: true, force: true }) });
  const redis = owned.add(await OwnRedis.start());
  const observer = await redis.client();
  const { service } = owned.add(await Locks.open(redis.url, module));
  const processes: KindsProcess[] = [];
  let started = 0;
  const start = async (): Promise<KindsProcess> => {
    const child = KindsProcess.start({ connection: redis.url, module, journal: join(directory, String(started++)) });
    const one = owned.add(await child);
    processes.push(one);
    return one;
  };
  const startSome = async (count: number): Promise<KindsProcess[]> => {
    const some: KindsProcess[] = [];
    // One after the other: on a busy machine all of them at once would each take too long.
    while (some.length < count) some.push(await start());
    return some;
  };
  const visits = (...keys: string[]): Visit[] =>
    readVisits(processes.map(({ witness }) => witness)).filter(({ key }) => keys.includes(key));
  return { redis, observer, service, start, startSome, visits };
}

/**
 * One with so many processes that all tests of a suite share, each with keys of its own: to start a process takes longer than most tests do.
 * @returns what gives the scene to a test
 */
export function sharedScene(
  count: number,
  module: Partial<RedisLockModuleOptions> = {},
): () => KindsScene & { readonly processes: KindsProcess[] } {
  const owned = new Owned();
  let scene: (KindsScene & { readonly processes: KindsProcess[] }) | undefined;
  beforeAll(async () => {
    const alone = await kindsScene(owned, module);
    scene = { ...alone, processes: await alone.startSome(count) };
  }, 90_000);
  afterAll(() => owned.end(), 20_000);
  return () => {
    if (scene === undefined) throw new Error('The processes did not start');
    return scene;
  };
}

/** Waits until nothing is left in Redis but the fence counter and the cards of processes. @throws with what is left */
export async function nothingLeft(observer: Redis, limitMs = 5_000): Promise<void> {
  let left: string[] = [];
  await until('nothing is left', limitMs, async () => (left = await keysLeft(observer)).length === 0).catch(async (error: unknown) => {
    const rest = await Promise.all(left.map(async (key) => `${key} (${String(await observer.pttl(key))} ms)`));
    throw new Error(`Left in Redis: ${rest.join(', ')}`, { cause: error });
  });
}
