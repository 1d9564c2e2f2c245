import { type LockError, LockKeyError, LockOptionsError, type LockOptions, type LockService } from 'nestjs-redis-lock';
import { ManualClock, TestingLockServer, type TestingConnectionOptions } from 'nestjs-redis-lock/testing';

let server: TestingLockServer;
let locks: LockService;

beforeEach(async () => {
  server = new TestingLockServer({ clock: new ManualClock() });
  locks = await server.connect({ maxTtl: '1m' });
});
afterEach(() => server.stop());

/** What each of the ways to use a key or options says to it; they all say the same. */
async function refusals(key: unknown, options?: unknown): Promise<unknown[]> {
  // What an untyped caller may pass.
  const [k, o] = [key as string, options as LockOptions | undefined];
  const given = options === undefined ? {} : (options as LockOptions);
  const calls: Promise<unknown>[] = [locks.acquire(k, o), locks.withLock(k, given, () => 'ran')];
  // It takes no notice of `wait`.
  if ((o as LockOptions | null)?.wait === undefined) calls.push(locks.tryAcquire(k, o));
  if (options === undefined) calls.push(locks.inspect(k), locks.isLocked(k), locks.forceRelease(k));
  return Promise.all(
    calls.map(async (call) => {
      try {
        return await call;
      } catch (error) {
        return error;
      }
    }),
  );
}

describe('a key', () => {
  const long = 'k'.repeat(1_025);
  it.each([
    ['empty', '', 'must not be empty'],
    ['longer than 1 KiB', long, 'has 1025 bytes; 1024 at most'],
    ['longer than 1 KiB in UTF-8', 'ä'.repeat(513), 'has 1026 bytes; 1024 at most'],
    ['with a line break', 'a\nb', 'has a control character'],
    ['with NUL', 'a\u0000b', 'has a control character'],
    ['with DEL', 'a\u007fb', 'has a control character'],
    ['with a C1 control', 'a\u0085b', 'has a control character'],
    ["beginning with '~'", '~1:fence', "begins with '~'"],
    ["with a stray '}'", 'a}b', "has a '}' outside"],
    ["with '}' before '{'", '}{a', "has a '}' outside"],
    ['with an empty hash tag', '{}a', "has a '}' outside"],
    ["with a second '}'", '{a}b}', "has a '}' outside"],
    ['that is not well-formed', 'a\ud800', 'not well-formed Unicode'],
    ['undefined', undefined, 'is a string, not undefined'],
    ['null', null, 'is a string, not null'],
    ['a number', 42, 'is a string, not number'],
    ['a list of lists', [['a'], ['b']], 'is a string, not object'],
    ['an object', { toString: () => 'a' }, 'is a string, not object'],
  ])('%s is refused, whatever is called', async (_what, key, message) => {
    for (const error of await refusals(key)) {
      expect(error).toBeInstanceOf(LockKeyError);
      expect(error).toMatchObject({ code: 'LOCK_KEY', name: 'LockKeyError', message: expect.stringContaining(message) as string });
      expect((error as Error).message.length).toBeLessThan(300);
    }
    expect(server.held()).toEqual([]);
  });

  it.each([
    'a',
    ' ',
    'k'.repeat(1_024),
    'ä'.repeat(512),
    'a~',
    'inventory:42',
    '{a}b',
    'a{b}',
    '{{a}',
    'a{',
    '日本',
    '😀',
    'a\u00a0b',
    '*',
    '\\',
    '"',
  ])('%j is taken', async (key) => {
    expect(await locks.withLock(key, (lock) => lock.key)).toBe(key);
  });
});

describe('an option', () => {
  const wait = { retries: 3, delay: 100 };
  it.each<[unknown, string]>([
    [{ ttl: -1 }, 'ttl: -1 is not a duration'],
    [{ ttl: NaN }, 'ttl: NaN is not a duration'],
    [{ ttl: Infinity }, 'ttl: Infinity is not a duration'],
    [{ ttl: 1e15 }, 'is not a duration (0 to 24 days)'],
    [{ ttl: '10 sec' }, "ttl: '10 sec' is not a duration"],
    [{ ttl: '' }, "ttl: '' is not a duration"],
    [{ ttl: null }, 'ttl: null says nothing; leave the option out'],
    [{ ttl: {} }, 'ttl: [object Object] is not a duration'],
    [{ ttl: 0 }, 'ttl: 0 ms is too short for a lease; write at least 10 ms'],
    [{ ttl: 9 }, 'too short for a lease'],
    [{ ttl: '61s' }, 'ttl: 61000 ms is more than maxTtl (60000 ms)'],
    [{ wait: -1 }, 'wait: -1 is not a duration'],
    [{ wait: NaN }, 'wait: NaN is not a duration'],
    [{ wait: '5 minutes' }, "wait: '5 minutes' is not a duration"],
    [{ wait: null }, 'wait: null says nothing'],
    [{ wait: {} }, 'wait.retries: write a whole number'],
    [{ wait: { ...wait, retries: -1 } }, 'wait.retries: write a whole number from 0 to 10000'],
    [{ wait: { ...wait, retries: 1.5 } }, 'wait.retries: write a whole number'],
    [{ wait: { ...wait, retries: 1e6 } }, 'wait.retries: write a whole number'],
    [{ wait: { ...wait, retries: '3' } }, 'wait.retries: write a whole number'],
    [{ wait: { retries: 3 } }, 'wait.delay: undefined is not a duration'],
    [{ wait: { ...wait, delay: -5 } }, 'wait.delay: -5 is not a duration'],
    [{ wait: { ...wait, backoff: 'quadratic' } }, "wait.backoff: write 'fixed', 'linear' or 'exponential'"],
    [{ wait: { ...wait, backoff: 'toString' } }, "wait.backoff: write 'fixed', 'linear' or 'exponential'"],
    [{ wait: { ...wait, jitter: 2 } }, 'wait.jitter: write a share from 0 to 1'],
    [{ wait: { ...wait, jitter: NaN } }, 'wait.jitter: write a share from 0 to 1'],
    [{ wait: { ...wait, retry: 3 } }, "wait: unknown 'retry'. There are: retries, delay, "],
    [{ renew: 'yes' }, 'renew: write true or false'],
    [{ renew: null }, 'renew: null says nothing'],
    [{ reentrant: 0 }, 'reentrant: write true or false'],
    [{ maxHold: 0 }, 'maxHold'],
    [{ maxHold: '10 sec' }, "maxHold: '10 sec' is not a duration"],
    [{ holdAtLeast: -1 }, 'holdAtLeast: -1 is not a duration'],
    [{ holdAtLeast: '2m' }, 'holdAtLeast: 120000 ms is more than maxTtl'],
    [{ maxHold: '5s', holdAtLeast: '6s' }, 'maxHold (5000 ms) is below holdAtLeast (6000 ms)'],
    [{ signal: {} }, 'signal: give an AbortSignal'],
    [{ signal: new AbortController() }, 'signal: give an AbortSignal'],
    [{ replicas: { min: 0, timeout: 100 } }, 'replicas.min: write how many'],
    [{ replicas: { min: 1, timeout: 0 } }, 'replicas.timeout: 0 would wait for ever'],
    [{ replicas: { min: 1 } }, 'replicas.timeout: undefined is not a duration'],
    [{ replicas: null }, 'replicas: null says nothing'],
    [{ replicas: 2 }, 'replicas'],
    [{ label: 42 }, 'label: write text of at most 120 characters'],
    [{ label: 'x'.repeat(121) }, 'label: write text of at most 120 characters'],
    [{ timeout: 5 }, "Unknown lock option 'timeout'. There are: ttl, wait, "],
    [{ TTL: 5 }, "Unknown lock option 'TTL'"],
    ['10s', 'are an object, for instance'],
    [null, 'are an object, for instance'],
    [42, 'are an object, for instance'],
    [[], 'are an object, for instance'],
    [() => 'ran', 'are an object, for instance'],
  ])('%j is refused: %s', async (options, message) => {
    for (const error of await refusals('stock', options)) {
      expect(error).toBeInstanceOf(LockOptionsError);
      expect(error).toMatchObject({ code: 'LOCK_OPTIONS', name: 'LockOptionsError', message: expect.stringContaining(message) as string });
    }
    expect(server.held()).toEqual([]);
  });

  it('left undefined is left out', async () => {
    const nothing = {
      ttl: undefined,
      wait: undefined,
      renew: undefined,
      signal: undefined,
      reentrant: undefined,
    } as unknown as LockOptions; // as spread from a configuration
    expect((await locks.acquire('stock', nothing)).isHeld).toBe(true);
  });

  it('of an extension is checked as well', async () => {
    const lock = await locks.acquire('stock');
    for (const ttl of [-1, NaN, 0, '2m', '1 minute'] as never[]) await expect(lock.extend(ttl)).rejects.toThrow(LockOptionsError);
    expect(lock.isHeld).toBe(true);
  });
});

it('withLock without a function says so', async () => {
  for (const call of [() => locks.withLock('stock', {} as never), () => locks.withLock('stock', {}, undefined as never)]) {
    await expect(call()).rejects.toThrow('the last argument is the function to run');
  }
  expect(server.held()).toEqual([]);
});

describe("an option of the module's", () => {
  it.each<[unknown, string]>([
    [{ keyPrefix: 42 }, 'keyPrefix: write text'],
    [{ keyPrefix: 'has spaces' }, 'without spaces'],
    [{ ttl: '-1s' }, "ttl: '-1s' is not a duration"],
    [{ ttl: 5 }, 'ttl: 5 ms is too short'],
    [{ ttl: '2h' }, 'ttl: 7200000 ms is more than maxTtl'],
    [{ maxTtl: 0 }, 'maxTtl: 0 is too short'],
    [{ maxTtl: 5 }, '5 ms is too short for a lease'],
    [{ maxTtl: 'never' }, "maxTtl: 'never' is not a duration"],
    [{ wait: -1 }, 'wait: -1 is not a duration'],
    [{ wait: { retries: 1, delay: 1 } }, 'wait'],
    [{ maxWaiters: 0 }, 'maxWaiters: write a whole number from 1 on'],
    [{ maxWaiters: 1.5 }, 'maxWaiters: write a whole number from 1 on'],
    [{ maxWaiters: '10' }, 'maxWaiters: write a whole number from 1 on'],
    [{ commandTimeout: 0 }, 'commandTimeout: 0 is too short'],
    [{ commandTimeout: NaN }, 'commandTimeout: NaN is not a duration'],
    [{ shutdownTimeout: 'soon' }, "shutdownTimeout: 'soon' is not a duration"],
    [{ allowEviction: 'true' }, 'allowEviction: write true or false'],
    [{ prefix: 'lock:' }, "Unknown option 'prefix'. There are: connection, keyPrefix, "],
  ])('%j is refused at start: %s', async (options, message) => {
    const error: unknown = await server.connect(options as TestingConnectionOptions).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(LockOptionsError);
    expect((error as LockError).message).toContain(message);
  });

  it('ttl is bounded by a smaller maxTtl where it is not given', async () => {
    const strict = await server.connect({ maxTtl: '5s' });
    expect((await strict.acquire('stock')).expiresInMs).toBeLessThanOrEqual(5_000);
  });
});
