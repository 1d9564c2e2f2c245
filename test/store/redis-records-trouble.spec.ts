import { LockStoreError } from 'nestjs-redis-lock';
import { RECORD_BEGIN, RECORD_FINISH } from '../../libs/redis-lock/src/lua/scripts.generated.js';
import type { BeginReply, RecordStore } from '../../libs/redis-lock/src/store/record-store.interface.js';
import { CuttingProxy } from '../faults/support/cutting-proxy.js';
import { ownedByEachTest } from '../faults/support/owned.js';
import { OwnRedis } from '../faults/support/own-redis.js';
import { timed, until } from '../faults/support/until.js';
import { command, RECORD_TIMEOUT, started, STOCK } from './support/record-stage.js';
import { RedisRecordStage } from './support/redis-record-stage.js';

const DONE = { state: 'done', reply: Buffer.from('{"id":7}') } as const;
const BEGIN = new RegExp(RECORD_BEGIN.sha1);
const FINISH = new RegExp(RECORD_FINISH.sha1);
/** What a caller may count on, whatever happens to the server. */
const ANSWERED_MS = 500;
/** Beside that, room for a busy machine. */
const SLACK_MS = 150;

const owned = ownedByEachTest();
let redis: OwnRedis;
let stage: RedisRecordStage;
let proxy: CuttingProxy;
let store: RecordStore;

beforeEach(async () => {
  redis = owned.add(await OwnRedis.start());
  stage = owned.add(await RedisRecordStage.open({ url: redis.url }));
  proxy = owned.add(await CuttingProxy.start(redis.port));
  store = await stage.connect(proxy.url);
});

/** Work that must end with a LockStoreError, in time. */
async function refused(work: Promise<unknown>): Promise<string> {
  const { ms, error } = await timed(work);
  expect(error).toBeInstanceOf(LockStoreError);
  expect(ms).toBeLessThan(ANSWERED_MS + SLACK_MS);
  return String(error);
}

async function untilConnected(): Promise<void> {
  const answers = (): Promise<boolean> =>
    store.inspect({ scope: 'nobody', operation: 'nothing' }).then(
      () => true,
      () => false,
    );
  await until('it is connected again', 5_000, answers);
}

describe('an attempt whose answer never comes', () => {
  it.each(['cut-before', 'cut-after'] as const)('%s: is an error, and can be taken back over the next connection', async (kind) => {
    const begin = command(stage);
    const came = proxy.next(BEGIN, { kind });
    const outcome = refused(store.begin(begin));
    await came;
    expect(await outcome).toContain('the connection was lost');
    await untilConnected();
    await store.cancel(STOCK, begin.token);
    expect(await store.inspect(STOCK)).toBeUndefined();
    expect(await store.begin(command(stage))).toEqual({ status: 'started', attempt: 1 });
  });

  it('that arrives after it was cancelled does nothing', async () => {
    const begin = command(stage);
    let letGo = (): void => undefined;
    let answered = (): void => undefined;
    const answer = new Promise<void>((resolve) => (answered = resolve));
    const came = proxy.next(BEGIN, { kind: 'held', until: new Promise((resolve) => (letGo = resolve)), onAnswer: () => answered() });
    const outcome = refused(store.begin(begin));
    await came;
    await outcome;
    const other = await stage.connect();
    await other.cancel(STOCK, begin.token);
    letGo();
    await answer;
    expect(await other.inspect(STOCK)).toBeUndefined();
  });

  it('that arrives after its deadline does nothing, though nobody cancelled it', async () => {
    let letGo = (): void => undefined;
    let answered = (): void => undefined;
    const answer = new Promise<void>((resolve) => (answered = resolve));
    const came = proxy.next(BEGIN, { kind: 'held', until: new Promise((resolve) => (letGo = resolve)), onAnswer: () => answered() });
    const since = performance.now();
    const outcome = refused(store.begin(command(stage)));
    await came;
    await outcome;
    expect(performance.now() - since).toBeGreaterThanOrEqual(RECORD_TIMEOUT);
    letGo();
    await answer;
    expect(await stage.raw.exists(stage.names.record(STOCK))).toBe(0);
  });
});

it('an outcome whose answer was lost may be stored once more', async () => {
  const attempt = await started(store, command(stage));
  const came = proxy.next(FINISH, { kind: 'cut-after' });
  const outcome = refused(store.finish(attempt, DONE));
  await came;
  await outcome;
  await untilConnected();
  expect(await store.finish(attempt, DONE)).toBe(true);
  expect(await store.begin(command(stage))).toEqual({ status: 'done', reply: DONE.reply });
});

describe('the first attempt over a new connection', () => {
  it('costs one command, since the time was asked for before it', async () => {
    proxy.cut();
    await untilConnected();
    await stage.raw.config('RESETSTAT');
    await started(store, command(stage));
    expect(await stage.raw.info('commandstats')).toContain('cmdstat_evalsha:calls=1,');
  });

  it('succeeds by a second one where nobody knows the time yet', async () => {
    // The answer to TIME comes late, and so does all that follows it.
    proxy.decide = (request) => (/\btime\b/i.test(request) ? { kind: 'slow', ms: 60 } : { kind: 'pass' });
    await stage.raw.config('RESETSTAT');
    proxy.cut();
    let reply: BeginReply | undefined;
    await until('an attempt is sent', 5_000, async () => {
      const { value, error } = await timed(store.begin(command(stage)));
      if (error instanceof Error) expect(error.message).toMatch(/not connected|connection was lost/);
      reply = value;
      return reply !== undefined;
    });
    expect(reply).toEqual({ status: 'started', attempt: 1 });
    expect(await stage.raw.info('commandstats')).toContain('cmdstat_evalsha:calls=2,');
  });
});

describe('a server that does not answer', () => {
  it.each(['begin', 'finish', 'fail', 'renew', 'cancel', 'inspect', 'purge'] as const)(
    '%s ends with a LockStoreError in time',
    async (operation) => {
      const attempt = await started(store, command(stage));
      const other = await stage.connect(proxy.url, { commandTimeout: 60_000 });
      const operations: Record<typeof operation, () => Promise<unknown>> = {
        begin: () => other.begin(command(stage)),
        finish: () => other.finish(attempt, DONE),
        fail: () => other.fail(attempt),
        renew: () => other.renew(attempt),
        cancel: () => other.cancel(STOCK, attempt.token),
        inspect: () => other.inspect(STOCK),
        purge: () => other.purge({ scope: STOCK.scope }),
      };
      const work = operations[operation];
      redis.pause();
      expect(await refused(work())).toContain('timed out');
      redis.resume();
      await redis.kill();
      await until('the loss is noticed', 5_000, async () => String((await timed(work())).error).includes('not connected'));
      await refused(work());
    },
  );

  it('is waited for no longer than commandTimeout where that is shorter', async () => {
    const hasty = await stage.connect(proxy.url, { commandTimeout: 100 });
    redis.pause();
    const { ms, error } = await timed(hasty.begin(command(stage)));
    redis.resume();
    expect(error).toBeInstanceOf(LockStoreError);
    expect(ms).toBeLessThan(RECORD_TIMEOUT);
  });

  it('but forgot the scripts costs no second wait', async () => {
    await stage.raw.script('FLUSH', 'SYNC');
    // What was not known arrives late, and the text of the script later still.
    proxy.decide = (request) =>
      BEGIN.test(request) || request.includes(RECORD_BEGIN.source) ? { kind: 'slow', ms: 300 } : { kind: 'pass' };
    expect(await refused(store.begin(command(stage)))).toContain('two answers took longer');
  });

  it('is connected to again, by a process that lost it without a word', async () => {
    proxy.silence();
    await refused(store.begin(command(stage)));
    await untilConnected();
    expect(await store.begin(command(stage))).toEqual({ status: 'started', attempt: 1 });
  });
});

it('what is under way when it is closed ends with a LockStoreError', async () => {
  redis.pause();
  const works = [store.begin(command(stage)), store.inspect(STOCK)].map((work) => refused(work));
  await store.close();
  await Promise.all(works);
  redis.resume();
});

describe('a Redis user', () => {
  async function open(rights: string[]): Promise<{ value?: RecordStore; error?: unknown }> {
    // So that each script comes with its text once more.
    await stage.raw.script('FLUSH', 'SYNC');
    await stage.raw.call('ACL', 'SETUSER', 'records', 'reset', 'on', '>secret', `~${stage.prefix}*`, '+@all', ...rights);
    return timed(stage.connect(`redis://records:secret@127.0.0.1:${String(redis.port)}`));
  }

  it.each([
    ...['time', 'get', 'getrange', 'set', 'del', 'unlink', 'exists', 'pttl', 'pexpire', 'zadd', 'zscore', 'zremrangebyscore'],
    ...['evalsha', 'eval', 'info'],
  ])('without the right to %s is refused at start, with what the server said', async (right) => {
    const { error } = await open([`-${right}`]);
    expect(error).toBeInstanceOf(LockStoreError);
    expect(String(error)).toMatch(/no permissions|can't run this command/);
    if (right !== 'info') expect(String(error)).toContain('the rights that the README lists');
  });

  it('who has them all starts, and leaves nothing of the trial behind', async () => {
    const { error } = await open(['-@all', '+@read', '+@write', '+@scripting', '+time', '+info', '+client']);
    expect(error).toBeUndefined();
    expect(await stage.raw.keys('*')).toEqual([]);
  });
});
