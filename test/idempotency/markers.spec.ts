import { Controller, Post } from '@nestjs/common';
import { Idempotent, PreventDuplicate } from 'nestjs-redis-lock';
import { ownedByEachTest } from '../faults/support/owned.js';
import { OwnRedis } from '../faults/support/own-redis.js';
import { until } from '../faults/support/until.js';
import { codeOf, FRAMEWORKS, HttpStage, newKey } from './support/http-stage.js';

const ORIGIN = 'https://shop.example';

@Controller()
class Troubled {
  starts = 0;
  beforeReply: () => void = () => undefined;

  @Post('closed')
  @Idempotent()
  closed(): object {
    this.beforeReply();
    return { start: ++this.starts };
  }

  @Post('open')
  @Idempotent({ onStoreError: 'open' })
  open(): object {
    return { start: ++this.starts };
  }

  @Post('guarded')
  @PreventDuplicate({ key: 'all' })
  guarded(): object {
    return { start: ++this.starts };
  }
}

describe.each(FRAMEWORKS)('What a reply says of its record (%s)', (framework) => {
  const owned = ownedByEachTest();
  let redis: OwnRedis;
  let stage: HttpStage;
  let troubled: Troubled;

  beforeEach(async () => {
    redis = owned.add(await OwnRedis.start());
    stage = await HttpStage.open({
      framework,
      controllers: [Troubled],
      idempotency: { scope: 'global' },
      module: { connection: redis.url, shutdownTimeout: 0 },
      prepare: (app) => app.enableCors({ origin: ORIGIN, exposedHeaders: ['X-Total'] }),
    });
    const { app } = stage;
    owned.add({ stop: () => app.close() });
    troubled = stage.get(Troubled);
  }, 30_000);

  const send = (path: string, key = newKey()): Promise<Response> => stage.send(path, { key, headers: { Origin: ORIGIN } });
  const exposed = (response: Response): string[] => (response.headers.get('access-control-expose-headers') ?? '').split(', ');

  it('that it is a replay, where scripts of other origins can see it', async () => {
    const key = newKey();
    expect(exposed(await send('/closed', key))).toEqual(['X-Total']);
    const replayed = await send('/closed', key);
    expect(replayed.headers.get('idempotent-replayed')).toBe('true');
    expect(exposed(replayed)).toEqual(['X-Total', 'Idempotent-Replayed']);
  });

  it('that it could not be stored in time; it is stored when that is possible again', async () => {
    const key = newKey();
    troubled.beforeReply = () => redis.pause();
    const first = await send('/closed', key);
    redis.resume();
    expect([first.status, first.headers.get('idempotency-status')]).toEqual([201, 'unstored']);
    expect(exposed(first)).toContain('Idempotency-Status');
    troubled.beforeReply = () => undefined;
    await until('a replay', 10_000, async () => (await send('/closed', key)).headers.has('idempotent-replayed'));
    expect(troubled.starts).toBe(1);
  });

  it('that the store was not asked', async () => {
    await redis.kill();
    const reply = await send('/open');
    expect([reply.status, reply.headers.get('idempotency-status')]).toEqual([201, 'bypassed']);
    expect(exposed(reply)).toContain('Idempotency-Status');
    expect(troubled.starts).toBe(1);
  });

  it.each(['/closed', '/guarded'])('is 503 without a store, and nothing runs: %s', async (path) => {
    await redis.kill();
    const reply = await send(path);
    expect([reply.status, reply.headers.get('retry-after'), await codeOf(reply)]).toEqual([503, '1', 'IDEMPOTENCY_STORE_UNAVAILABLE']);
    await redis.restart();
    await until('an answer', 10_000, async () => (await send(path)).status === 201);
    expect(troubled.starts).toBe(1);
  });
});
