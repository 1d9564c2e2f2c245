import { Redis } from 'ioredis';
import { once } from 'node:events';
import type { ClientRequest } from 'node:http';
import { IdempotencyService } from 'nestjs-redis-lock';
import { until } from '../faults/support/until.js';
import { type Gate } from './support/gate.js';
import { codeOf, FRAMEWORKS, HttpStage, newKey } from './support/http-stage.js';
import { rawRequest } from './support/raw-request.js';
import { WatchedCommands } from './support/watched-commands.js';
import { LARGE, flip, Lives } from './support/lives.controller.js';

describe.each(FRAMEWORKS)('What becomes of a record (%s)', (framework) => {
  let stage: HttpStage;
  let lives: Lives;
  const open = (more: object = {}): Promise<HttpStage> =>
    HttpStage.open({ framework, controllers: [Lives], idempotency: { scope: 'global' }, module: more });
  beforeAll(async () => {
    stage = await open();
    lives = stage.get(Lives);
  });
  afterAll(() => stage.close());
  beforeEach(() => (lives.starts = 0));
  afterEach(() => lives.gate.release());

  /** An application that ends in the middle of its handler, which goes on when its gate is released. */
  const breakOff = async (path: string, key: string): Promise<Gate> => {
    const first = await open({ keyPrefix: stage.keyPrefix, shutdownTimeout: '50ms' });
    const { gate } = first.get(Lives);
    gate.close();
    const arrival = gate.nextArrival();
    const cut = first.send(path, { key }).catch(() => undefined);
    await arrival;
    await first.close();
    await cut;
    return gate;
  };

  it('whose process has died: run again after the lease, as attempt 2, which a late first one does not overwrite', async () => {
    const key = newKey();
    const late = await breakOff('/retried', key);
    const statuses = new Set<number>();
    await until('the lease has run out', 10_000, async () => {
      const { status } = await stage.send('/retried', { key });
      statuses.add(status);
      return status === 201;
    });
    late.release();
    const replay = await stage.send('/retried', { key });
    expect(await replay.json()).toEqual({ start: 1, attempt: 2 });
    expect(replay.headers.get('idempotent-replayed')).toBe('true');
    expect(statuses).toEqual(new Set([409, 201]));
    expect(lives.starts).toBe(1);
  });

  it('whose process has died, with `block`: its outcome is unknown', async () => {
    const key = newKey();
    const late = await breakOff('/blocked', key);
    expect(await codeOf(await stage.send('/blocked', { key }))).toBe('IDEMPOTENCY_IN_PROGRESS');
    await until(
      'the lease has run out',
      10_000,
      async () => (await codeOf(await stage.send('/blocked', { key }))) === 'IDEMPOTENCY_OUTCOME_UNKNOWN',
    );
    expect((await stage.send('/blocked', { key })).status).toBe(409);
    late.release();
    expect(lives.starts).toBe(0);
  });

  it('of a handler that outlives its lease: it stays in progress', async () => {
    const key = newKey();
    lives.gate.close();
    const arrival = lives.gate.nextArrival();
    const first = stage.send('/retried', { key });
    await arrival;
    const since = performance.now();
    const codes = new Set<unknown>();
    await until('the lease would have run out', 10_000, async () => {
      codes.add(await codeOf(await stage.send('/retried', { key })));
      return performance.now() - since > 1_500;
    });
    lives.gate.release();
    expect(await (await first).json()).toEqual({ start: 1, attempt: 1 });
    expect(codes).toEqual(new Set(['IDEMPOTENCY_IN_PROGRESS']));
    expect(lives.starts).toBe(1);
  });

  it.each(['/large', '/large-stream'])('whose reply is too large: all of it once, then 409 with its Location: %s', async (path) => {
    const key = newKey();
    const first = await stage.send(path, { key });
    expect(first.status).toBe(201);
    expect(await first.text()).toBe(LARGE);
    const retry = await stage.send(path, { key });
    expect([retry.status, await codeOf(retry)]).toEqual([409, 'IDEMPOTENCY_NOT_REPLAYABLE']);
    expect(retry.headers.get('location')).toBe('/orders/9');
    expect(lives.starts).toBe(1);
  });

  it('whose reply is exactly as large as it may be', async () => {
    const key = newKey();
    await stage.send('/exact', { key });
    expect(await (await stage.send('/exact', { key })).text()).toBe(LARGE);
    expect(lives.starts).toBe(1);
  });

  it.each(['/promise', '/observable'])('whose client goes while the handler runs: the retry gets the reply: %s', async (path) => {
    const key = newKey();
    lives.gate.close();
    const arrival = lives.gate.nextArrival();
    let sent: ClientRequest | undefined;
    const cut = rawRequest(stage.url + path, { headers: { 'Idempotency-Key': key }, onRequest: (request) => (sent = request) });
    const failed = expect(cut).rejects.toThrow();
    await arrival;
    const closed = lives.socket === undefined || lives.socket.destroyed ? undefined : once(lives.socket, 'close');
    sent?.destroy();
    await failed;
    await closed;
    lives.gate.release();
    let replay: Response | undefined;
    await until('the reply is kept', 5_000, async () => (replay = await stage.send(path, { key })).status === 201);
    expect(replay?.headers.get('idempotent-replayed')).toBe('true');
    expect(await replay?.json()).toEqual({ start: 1 });
    expect(lives.starts).toBe(1);
  });

  it('can be inspected, and purged one by one', async () => {
    const service = stage.get(IdempotencyService);
    const key = newKey();
    const record = { scope: 'global', method: 'POST', route: '/quick', key };
    expect(await service.inspect(record)).toBeUndefined();
    await stage.send('/quick', { key });
    const found = await service.inspect(record);
    expect(found).toMatchObject({ state: 'done', attempt: 1 });
    expect(await service.purge(record)).toBe(1);
    expect(await service.purge(record)).toBe(0);
    expect(await service.inspect(record)).toBeUndefined();
    expect(await (await stage.send('/quick', { key })).json()).toEqual({ start: 2 });
  });

  it('is shown as running while the handler runs', async () => {
    const key = newKey();
    lives.gate.close();
    const arrival = lives.gate.nextArrival();
    const first = stage.send('/promise', { key });
    await arrival;
    const record = { scope: 'global', method: 'POST', route: '/promise', key };
    expect(await stage.get(IdempotencyService).inspect(record)).toMatchObject({ state: 'running', attempt: 1 });
    lives.gate.release();
    expect((await first).status).toBe(201);
  });

  it('is forgotten with its scope, and those of others are not', async () => {
    const keys = [newKey(), newKey()];
    const send = (user: string, key: string): Promise<Response> => stage.send('/users', { key, headers: { 'X-User': user } });
    for (const key of keys) for (const user of ['ann', 'bob']) await send(user, key);
    expect(await stage.get(IdempotencyService).purge('user:ann')).toBe(2);
    for (const key of keys) {
      expect((await send('bob', key)).headers.get('idempotent-replayed')).toBe('true');
      expect((await send('ann', key)).headers.has('idempotent-replayed')).toBe(false);
    }
    expect(lives.starts).toBe(6);
  });

  it('is stored as `encrypt` makes it', async () => {
    const key = newKey();
    await stage.send('/sealed', { key });
    const redis = new Redis(String(process.env['TEST_REDIS_URL']));
    try {
      const names = await redis.keys(`${stage.keyPrefix}*`);
      const values = await Promise.all(names.map((name) => redis.getBuffer(name)));
      expect(values.filter((value) => value?.includes('plain for the client'))).toHaveLength(0);
      expect(values.filter((value) => value?.includes(flip(Buffer.from('plain for the client'))))).toHaveLength(1);
    } finally {
      redis.disconnect();
    }
    const replay = await stage.send('/sealed', { key });
    expect([await replay.text(), replay.headers.get('idempotent-replayed')]).toEqual(['plain for the client', 'true']);
    expect(lives.starts).toBe(1);
  });

  it('that `decrypt` cannot read is never run again', async () => {
    const key = newKey();
    expect(await (await stage.send('/lost-secret', { key })).text()).toBe('once');
    const retry = await stage.send('/lost-secret', { key });
    expect([retry.status, await codeOf(retry)]).toEqual([409, 'IDEMPOTENCY_NOT_REPLAYABLE']);
    expect(lives.starts).toBe(1);
  });

  it('costs two commands for the first request, and one for each other', async () => {
    await stage.send('/quick', { key: newKey() });
    const watched = await WatchedCommands.open(stage.keyPrefix);
    try {
      const key = newKey();
      expect(await watched.during(() => stage.send('/quick', { key, body: { a: 1 } }))).toBe(2);
      expect(await watched.during(() => stage.send('/quick', { key, body: { a: 1 } }))).toBe(1);
      expect(await watched.during(() => stage.send('/quick', { key, body: { a: 2 } }))).toBe(1);
      lives.gate.close();
      const running = newKey();
      const arrival = lives.gate.nextArrival();
      const first = stage.send('/promise', { key: running });
      await arrival;
      expect(await watched.during(() => stage.send('/promise', { key: running }))).toBe(1);
      lives.gate.release();
      expect((await first).status).toBe(201);
    } finally {
      watched.close();
    }
  });
});
