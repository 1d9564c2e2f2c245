import type { LockService } from 'nestjs-redis-lock';
import type { QueueAgentOptions, RushReport } from './children/queue-agent.js';
import { ChildProgram } from './support/child-program.js';
import { GivenTime } from './support/given-time.js';
import { watchKeys } from './support/key-events.js';
import { Locks } from './support/locks.js';
import { ownedByEachTest } from './support/owned.js';
import { OwnRedis } from './support/own-redis.js';
import { QuietProxy } from './support/quiet-proxy.js';
import { scaled, until } from './support/until.js';

const COHORT = 8;
const CALLERS = 64;
/** A holder asks at least this often who else waits, and has a turn of at most 10 ms after that. */
const KNOWN_MS = 500;
const TURN_MS = 10;
/** So slow that a holder does not ask for further fences before that. */
const SLOW_SECTION_MS = 60;
/** For a machine that has other things to do. */
const MARGIN_MS = 300;
const RUSH_MS = 2_000;
const LONGEST_GAP_MS = 70;
const SECTIONS = 'sections:stock';
const QUEUED = 'zadd lock:~1:queue:{lock:stock}';
const ENTERED = 'set lock:stock';
const owned = ownedByEachTest();

/** A process whose callers want the lock all the time, and another one with a single caller now and then. */
async function start(sectionMs: number, connect: (redis: OwnRedis) => Promise<string> = async ({ url }) => url) {
  const redis = owned.add(await OwnRedis.start());
  const options: QueueAgentOptions = { module: { connection: await connect(redis), cohort: COHORT }, resource: redis.url };
  const crowd = owned.add(await ChildProgram.start('queue-agent', options));
  const { service: guest } = owned.add(await Locks.open(redis.url));
  const observer = await redis.client();
  const time = new GivenTime();
  owned.add({ stop: async () => time.end() });
  await crowd.ask('occupy', 'stock', CALLERS, sectionMs);
  const sections = async (): Promise<number> => Number((await observer.get(SECTIONS)) ?? 0);
  /** Resolves when the crowd has the lock, and has had it for a while. */
  const occupied = async (): Promise<void> => {
    const before = await sections();
    await until('the crowd is inside', 5_000, async () => (await sections()) > before + 3);
  };
  return { redis, crowd, guest, time, occupied };
}

/** The guest's turn: how long it took. */
async function visit({ guest, time }: { guest: LockService; time: GivenTime }): Promise<number> {
  const since = time.now();
  const lock = await guest.acquire('stock', { wait: '20s' });
  const ms = time.now() - since;
  await lock.release();
  return ms;
}

it('a process with endless callers lets another one in after at most one cohort and one section', async () => {
  const scene = await start(0);
  const events = await watchKeys(scene.redis);
  const passed: number[] = [];
  const waits: number[] = [];
  for (let i = 0; i < scaled(20); i++) {
    await scene.occupied();
    events.length = 0;
    waits.push(await visit(scene));
    // From the moment that the guest stood in line on the server, to its grant there.
    const queued = (): number => events.indexOf(QUEUED);
    await until('the visit is seen', 2_000, () => queued() >= 0 && events.includes(ENTERED, queued()));
    passed.push(events.slice(queued(), events.indexOf(ENTERED, queued())).filter((event) => event === `incrby ${SECTIONS}`).length);
  }
  await scene.crowd.ask('stop');
  console.log(`Sections that passed: ${passed.join(', ')}; longest wait ${Math.max(...waits).toFixed(1)} ms`);
  // One or two more may begin while the word is on its way.
  expect(Math.max(...passed)).toBeLessThanOrEqual(COHORT + 1 + 2);
  expect(Math.max(...waits)).toBeLessThan(KNOWN_MS);
});

it('and within 500 ms where no message tells it that another one waits', async () => {
  let proxy: QuietProxy | undefined;
  const scene = await start(SLOW_SECTION_MS, async ({ port }) => (proxy = owned.add(await QuietProxy.start(port))).url);
  await scene.occupied();
  proxy?.hold('messages');
  const waits: number[] = [];
  for (let i = 0; i < 4; i++) {
    await scene.occupied();
    waits.push(await visit(scene));
  }
  await scene.crowd.ask('stop');
  console.log(`Waits without a message: ${waits.map(Math.round).join(', ')} ms`);
  expect(Math.max(...waits)).toBeLessThan(KNOWN_MS + TURN_MS + 2 * SLOW_SECTION_MS + MARGIN_MS);
  // Otherwise the word came all the same.
  expect(Math.max(...waits)).toBeGreaterThan(KNOWN_MS / 4);
});

it.each([
  ['thousands of callers with empty', 5_000, 0],
  ['callers with short', 200, 4],
])('%s, synchronous sections leave timers and renewals their turn', async (_what, callers, sectionMs) => {
  const redis = owned.add(await OwnRedis.start());
  const options: QueueAgentOptions = { module: { connection: redis.url, ttl: 600 }, resource: redis.url };
  const child = owned.add(await ChildProgram.start('queue-agent', options));
  const report = await child.ask<RushReport>('rush', 'stock', callers, sectionMs, RUSH_MS);
  console.log(JSON.stringify(report));
  expect(report.errors).toEqual({});
  expect(report.renewed).toBe(true);
  // Without a turn it is the whole time, or as long as the fences last that were reserved at once.
  expect(report.longestGapCpuMs).toBeLessThan(LONGEST_GAP_MS);
  expect(report.sections).toBeGreaterThan(RUSH_MS / (2 * sectionMs + 1));
});
