import { BadRequestException, Body, Controller, Get, Post } from '@nestjs/common';
import { IdempotencyService, Idempotent, PreventDuplicate } from 'nestjs-redis-lock';
import { Gate } from './support/gate.js';
import { codeOf, FRAMEWORKS, HttpStage, newKey } from './support/http-stage.js';

@Controller()
class InMemory {
  starts = 0;
  readonly gate = new Gate();

  @Post('run')
  @Idempotent()
  async run(@Body() _body: unknown): Promise<object> {
    const start = ++this.starts;
    await this.gate.pass();
    return { start };
  }

  @Post('wait')
  @Idempotent({ concurrency: 'wait' })
  async wait(): Promise<object> {
    const start = ++this.starts;
    await this.gate.pass();
    return { start };
  }

  @Post('optional')
  @Idempotent({ required: false })
  optional(): object {
    return { start: ++this.starts };
  }

  @Post('fails')
  @Idempotent()
  fails(): object {
    this.starts++;
    throw new BadRequestException();
  }

  @Post('large')
  @Idempotent({ maxBody: 10 })
  large(): string {
    this.starts++;
    return 'more than ten bytes';
  }

  @Post('guarded')
  @PreventDuplicate({ key: '{headers.x-request-id}', status: 400 })
  guarded(): object {
    return { start: ++this.starts };
  }

  @Get('run')
  @Idempotent()
  safe(): object {
    return { start: ++this.starts };
  }
}

describe.each(FRAMEWORKS)('The table of behaviour, in memory (%s)', (framework) => {
  let stage: HttpStage;
  let memory: InMemory;
  beforeAll(async () => {
    stage = await HttpStage.open({
      framework,
      controllers: [InMemory],
      idempotency: { scope: 'global' },
      module: { connection: 'memory' },
    });
    memory = stage.get(InMemory);
  });
  afterAll(() => stage.close());
  beforeEach(() => (memory.starts = 0));
  afterEach(() => memory.gate.release());

  it.each([
    ['/run', undefined, 400, 'IDEMPOTENCY_KEY_MISSING'],
    ['/run', 'k'.repeat(256), 400, 'IDEMPOTENCY_KEY_INVALID'],
    ['/run', 'a,b', 400, 'IDEMPOTENCY_KEY_INVALID'],
    ['/optional', undefined, 201, undefined],
  ])('%s with the key %p: %i', async (path, key, status, code) => {
    const response = await stage.send(path, key === undefined ? {} : { key });
    expect([response.status, await codeOf(response)]).toEqual([status, code]);
    expect(memory.starts).toBe(status === 201 ? 1 : 0);
  });

  it('first, again, another body', async () => {
    const key = newKey();
    const first = await stage.send('/run', { key, body: { a: 1 } });
    const second = await stage.send('/run', { key, body: { a: 1 } });
    const third = await stage.send('/run', { key, body: { a: 2 } });
    expect([first.status, second.status, third.status]).toEqual([201, 201, 422]);
    expect(await second.text()).toBe(await first.text());
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect(await codeOf(third)).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(memory.starts).toBe(1);
  });

  it('still running', async () => {
    const key = newKey();
    memory.gate.close();
    const arrival = memory.gate.nextArrival();
    const first = stage.send('/run', { key, body: {} });
    await arrival;
    const second = await stage.send('/run', { key, body: {} });
    expect([second.status, await codeOf(second), second.headers.has('retry-after')]).toEqual([409, 'IDEMPOTENCY_IN_PROGRESS', true]);
    expect((await stage.send('/run', { key, body: { a: 1 } })).status).toBe(422);
    memory.gate.release();
    expect((await first).status).toBe(201);
    expect(memory.starts).toBe(1);
  });

  it('50 that wait', async () => {
    const key = newKey();
    memory.gate.close();
    const arrival = memory.gate.nextArrival();
    const all = Array.from({ length: 50 }, () => stage.send('/wait', { key }));
    await arrival;
    memory.gate.release();
    expect(new Set((await Promise.all(all)).map(({ status }) => status))).toEqual(new Set([201]));
    expect(memory.starts).toBe(1);
  });

  it('an error leaves the key', async () => {
    const key = newKey();
    await stage.send('/fails', { key });
    expect((await stage.send('/fails', { key })).status).toBe(400);
    expect(memory.starts).toBe(2);
  });

  it('a reply that is too large', async () => {
    const key = newKey();
    expect(await (await stage.send('/large', { key })).text()).toBe('more than ten bytes');
    expect(await codeOf(await stage.send('/large', { key }))).toBe('IDEMPOTENCY_NOT_REPLAYABLE');
    expect(memory.starts).toBe(1);
  });

  it('a duplicate submit', async () => {
    const headers = { 'X-Request-Id': newKey() };
    expect((await stage.send('/guarded', { headers })).status).toBe(201);
    const second = await stage.send('/guarded', { headers });
    expect([second.status, await codeOf(second)]).toEqual([400, 'DUPLICATE_SUBMIT']);
    expect(await codeOf(await stage.send('/guarded'))).toBe('DUPLICATE_KEY_MISSING');
    expect(memory.starts).toBe(1);
  });

  it('a safe method', async () => {
    const key = newKey();
    for (const start of [1, 2]) expect(await (await stage.send('/run', { key, method: 'GET' })).json()).toEqual({ start });
  });

  it('inspect and purge', async () => {
    const service = stage.get(IdempotencyService);
    const key = newKey();
    const record = { scope: 'global', method: 'POST', route: '/optional', key };
    await stage.send('/optional', { key });
    expect(await service.inspect(record)).toMatchObject({ state: 'done' });
    expect(await service.purge(record)).toBe(1);
    expect(await service.inspect(record)).toBeUndefined();
  });
});
