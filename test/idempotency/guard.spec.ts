import { BadRequestException, Body, Controller, Post, ValidationPipe } from '@nestjs/common';
import { IsInt } from 'class-validator';
import { PreventDuplicate } from 'nestjs-redis-lock';
import { until } from '../faults/support/until.js';
import { Gate } from './support/gate.js';
import { codeOf, FRAMEWORKS, HttpStage, newKey } from './support/http-stage.js';

class Order {
  @IsInt()
  quantity = 0;
}

const key = 'order:create:{headers.x-request-id}';
const TEXT = '请勿重复提交';

@Controller()
class Guarded {
  starts = 0;
  readonly gate = new Gate();
  fails = false;

  @Post('window')
  @PreventDuplicate({ key })
  window(): Promise<object> {
    return this.run();
  }

  @Post('short')
  @PreventDuplicate({ key: 'short:{headers.x-request-id}', window: '300ms' })
  short(): Promise<object> {
    return this.run();
  }

  @Post('finish')
  @PreventDuplicate({ key: 'finish:{headers.x-request-id}', release: 'finish' })
  finish(): Promise<object> {
    return this.run();
  }

  @Post('error')
  @PreventDuplicate({ key: 'error:{headers.x-request-id}', release: 'error' })
  error(): Promise<object> {
    return this.run();
  }

  @Post('worded')
  @PreventDuplicate({ key: 'worded:{headers.x-request-id}', status: 400, message: TEXT })
  worded(): Promise<object> {
    return this.run();
  }

  @Post('validated')
  @PreventDuplicate({ key: 'validated:{headers.x-request-id}' })
  validated(@Body() _order: Order): Promise<object> {
    return this.run();
  }

  @Post('body')
  @PreventDuplicate({ key: 'body:{body.a}:{body.b}' })
  body(): Promise<object> {
    return this.run();
  }

  private async run(): Promise<object> {
    const start = ++this.starts;
    await this.gate.pass();
    if (this.fails) throw new BadRequestException('own');
    return { start };
  }
}

describe.each(FRAMEWORKS)('@PreventDuplicate() (%s)', (framework) => {
  let stage: HttpStage;
  let guarded: Guarded;
  beforeAll(async () => {
    stage = await HttpStage.open({
      framework,
      controllers: [Guarded],
      idempotency: { scope: 'global' },
      prepare: (app) => app.useGlobalPipes(new ValidationPipe()),
    });
    guarded = stage.get(Guarded);
  });
  afterAll(() => stage.close());
  beforeEach(() => {
    guarded.starts = 0;
    guarded.fails = false;
  });
  afterEach(() => guarded.gate.release());

  const send = (path: string, id: string | undefined, body?: unknown): Promise<Response> =>
    stage.send(path, { ...(id === undefined ? {} : { headers: { 'X-Request-Id': id } }), ...(body === undefined ? {} : { body }) });

  it('refuses a duplicate after the end of the first, for the whole window', async () => {
    const id = newKey();
    expect((await send('/window', id)).status).toBe(201);
    const second = await send('/window', id);
    expect(second.status).toBe(409);
    expect(second.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(5);
    expect(Number(second.headers.get('retry-after'))).toBeLessThanOrEqual(30);
    expect(await codeOf(second)).toBe('DUPLICATE_SUBMIT');
    expect((await send('/window', newKey())).status).toBe(201);
    expect(guarded.starts).toBe(2);
  });

  it('lets the next one in when the window is over', async () => {
    const id = newKey();
    expect((await send('/short', id)).status).toBe(201);
    await until('the window is over', 5_000, async () => (await send('/short', id)).status === 201);
    expect(guarded.starts).toBe(2);
  });

  it.each([
    ['/window', false, 1],
    ['/window', true, 1],
    ['/finish', false, 2],
    ['/finish', true, 2],
    ['/error', false, 1],
    ['/error', true, 2],
  ])('after the handler’s end, at %s, failing %s: %i starts of two', async (path, fails, starts) => {
    const id = newKey();
    guarded.fails = fails;
    expect((await send(path, id)).status).toBe(fails ? 400 : 201);
    const second = await send(path, id);
    expect(guarded.starts).toBe(starts);
    expect(second.status).toBe(starts === 1 ? 409 : fails ? 400 : 201);
  });

  it.each(['/window', '/finish', '/error'])('lets one of 50 in: %s', async (path) => {
    const id = newKey();
    guarded.gate.close();
    const all = Array.from({ length: 50 }, () => send(path, id));
    let refused = 0;
    await new Promise<void>((resolve) => {
      for (const one of all) void one.then(() => ++refused === 49 && resolve());
    });
    expect(guarded.starts).toBe(1);
    guarded.gate.release();
    const statuses = (await Promise.all(all)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(49);
  });

  it('says what it was told to, with the status it was told', async () => {
    const id = newKey();
    await send('/worded', id);
    const second = await send('/worded', id);
    expect(second.status).toBe(400);
    expect(second.headers.has('retry-after')).toBe(true);
    expect(await second.json()).toMatchObject({ code: 'DUPLICATE_SUBMIT', status: 400, detail: TEXT });
    expect(guarded.starts).toBe(1);
  });

  it.each([undefined, ''])('is 400 without the value that the key needs (%p)', async (id) => {
    const response = await send('/window', id);
    expect([response.status, await codeOf(response)]).toEqual([400, 'DUPLICATE_KEY_MISSING']);
    expect(guarded.starts).toBe(0);
  });

  it('is 400 where the body has no such value', async () => {
    const response = await send('/body', undefined, { a: 1 });
    expect([response.status, await codeOf(response)]).toEqual([400, 'DUPLICATE_KEY_MISSING']);
    expect(guarded.starts).toBe(0);
  });

  it('does not take two lists of values for one', async () => {
    const mark = newKey();
    expect((await send('/body', undefined, { a: `${mark}:1`, b: '2' })).status).toBe(201);
    expect((await send('/body', undefined, { a: mark, b: '1:2' })).status).toBe(201);
    expect((await send('/body', undefined, { a: mark, b: '1:2' })).status).toBe(409);
    expect(guarded.starts).toBe(2);
  });

  it('leaves no key where validation refuses the request', async () => {
    const id = newKey();
    expect((await send('/validated', id, { quantity: 'many' })).status).toBe(400);
    expect(guarded.starts).toBe(0);
    expect((await send('/validated', id, { quantity: 1 })).status).toBe(201);
    expect((await send('/validated', id, { quantity: 1 })).status).toBe(409);
    expect(guarded.starts).toBe(1);
  });
});
