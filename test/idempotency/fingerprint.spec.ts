import { All, Body, Controller, Param, Post, Put, UseInterceptors, type INestApplication } from '@nestjs/common';
import { FileInterceptor } from '@nestjs/platform-express';
import { Idempotent, LockOptionsError } from 'nestjs-redis-lock';
import { codeOf, FRAMEWORKS, HttpStage, newKey, type Framework } from './support/http-stage.js';

@Controller()
class Compared {
  starts = 0;

  @Post('orders')
  @Idempotent()
  create(@Body() _body: unknown): object {
    return { start: ++this.starts };
  }

  @Put('orders')
  @Idempotent()
  replace(): object {
    return { start: ++this.starts };
  }

  @Post('orders/:id')
  @Idempotent()
  one(@Param('id') id: string): object {
    return { id, start: ++this.starts };
  }

  @All('any')
  @Idempotent()
  any(): object {
    return { start: ++this.starts };
  }

  @Post('chosen')
  @Idempotent({ fingerprint: (context) => context.switchToHttp().getRequest<{ body: { id: unknown } }>().body.id })
  chosen(): object {
    return { start: ++this.starts };
  }
}

@Controller()
class Uploads {
  starts = 0;

  @Post('uploads')
  @Idempotent()
  @UseInterceptors(FileInterceptor('file'))
  upload(): object {
    return { start: ++this.starts };
  }
}

/** For Fastify, where multer has nothing to do: a parser that reads the parts as text. */
function readMultipart(app: INestApplication, framework: Framework): void {
  if (framework === 'express') return;
  type Parser = (request: unknown, body: string) => Promise<unknown>;
  // Fastify's own object, of which this is all that is used.
  const fastify = app.getHttpAdapter().getInstance() as {
    addContentTypeParser(type: string, options: { parseAs: 'string' }, parse: Parser): void;
  };
  fastify.addContentTypeParser('multipart/form-data', { parseAs: 'string' }, async (_request, body) => {
    const boundary = body.slice(0, body.indexOf('\r\n'));
    return { parts: body.split(boundary).slice(1, -1) };
  });
}

function form(boundary: string, field: string, content: string): { type: string; body: string } {
  const part = (name: string, value: string): string => `--${boundary}\r\nContent-Disposition: form-data; ${name}\r\n\r\n${value}\r\n`;
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    body: `${part('name="note"', field)}${part('name="file"; filename="a.txt"', content)}--${boundary}--\r\n`,
  };
}

describe.each(FRAMEWORKS)('What makes a request the same (%s)', (framework) => {
  let stage: HttpStage;
  let compared: Compared;
  beforeAll(async () => {
    const controllers = framework === 'express' ? [Compared, Uploads] : [Compared];
    const prepare = (app: INestApplication): void => readMultipart(app, framework);
    stage = await HttpStage.open({ framework, controllers, idempotency: { scope: 'global' }, prepare });
    compared = stage.get(Compared);
  });
  afterAll(() => stage.close());
  beforeEach(() => (compared.starts = 0));

  it.each<[string, unknown, unknown, boolean]>([
    ['an equal body', { a: 1, b: [1, 2] }, { a: 1, b: [1, 2] }, true],
    ['members in another order', { a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 }, true],
    ['another value', { a: 1 }, { a: 2 }, false],
    ['one member more', { a: 1 }, { a: 1, b: null }, false],
    ['a list in another order', { a: [1, 2] }, { a: [2, 1] }, false],
    ['a number as text', { a: 1 }, { a: '1' }, false],
    ['null and absent', {}, { a: null }, false],
    ['null and text', { a: null }, { a: 'null' }, false],
    ['false and 0', { a: false }, { a: 0 }, false],
    ['a list and an object', { a: ['x'] }, { a: { 0: 'x' } }, false],
    ['an empty object and none', {}, undefined, false],
    ['1 and 1.0', { a: 1 }, JSON.parse('{"a":1.0}'), true],
    ['another value further in', { a: { b: [{ c: 1 }] } }, { a: { b: [{ c: 2 }] } }, false],
    ['composed and decomposed letters', { a: '\u00e9' }, { a: 'e\u0301' }, false],
  ])('%s', async (_name, first, second, isSame) => {
    const key = newKey();
    expect((await stage.send('/orders', { key, body: first })).status).toBe(201);
    const response = await stage.send('/orders', { key, body: second });
    expect(response.status).toBe(isSame ? 201 : 422);
    if (isSame) expect(response.headers.get('idempotent-replayed')).toBe('true');
    else expect(await codeOf(response)).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(compared.starts).toBe(1);
  });

  it.each([
    ['?a=1&b=2', '?b=2&a=1', true],
    ['?a=1', '?a=2', false],
    ['?a=1', '', false],
    ['?a=1&a=2', '?a=2&a=1', false],
  ])('the query %s and then %s', async (first, second, isSame) => {
    const key = newKey();
    await stage.send(`/orders${first}`, { key, body: {} });
    expect((await stage.send(`/orders${second}`, { key, body: {} })).status).toBe(isSame ? 201 : 422);
    expect(compared.starts).toBe(1);
  });

  it('another parameter in the path is another operation', async () => {
    const key = newKey();
    const replies: unknown[] = [];
    for (const id of ['1', '2', '1', '2']) replies.push(await (await stage.send(`/orders/${id}`, { key, body: {} })).json());
    expect(replies).toEqual([
      { id: '1', start: 1 },
      { id: '2', start: 2 },
      { id: '1', start: 1 },
      { id: '2', start: 2 },
    ]);
  });

  it.each([
    ['/orders', 'POST', 'PUT'],
    ['/any', 'POST', 'DELETE'],
  ] as const)('another method is another operation: %s %s and %s', async (path, first, second) => {
    const key = newKey();
    for (const method of [first, second, first, second]) expect((await stage.send(path, { key, method })).ok).toBe(true);
    expect(compared.starts).toBe(2);
  });

  it('another route with the same key is another operation', async () => {
    const key = newKey();
    await stage.send('/orders', { key, body: {} });
    expect((await stage.send('/orders/7', { key, body: {} })).headers.has('idempotent-replayed')).toBe(false);
    expect(compared.starts).toBe(2);
  });

  it('a mismatch leaves the record as it was', async () => {
    const key = newKey();
    await stage.send('/orders', { key, body: { a: 1 } });
    await stage.send('/orders', { key, body: { a: 2 } });
    expect((await stage.send('/orders', { key, body: { a: 1 } })).headers.get('idempotent-replayed')).toBe('true');
  });

  it('is what `fingerprint` says, where it is given', async () => {
    const key = newKey();
    await stage.send('/chosen', { key, body: { id: 1, at: 1 } });
    expect((await stage.send('/chosen', { key, body: { id: 1, at: 2 } })).headers.get('idempotent-replayed')).toBe('true');
    expect((await stage.send('/chosen', { key, body: { id: 2, at: 1 } })).status).toBe(422);
    expect(compared.starts).toBe(1);
  });

  it.each([
    ['another boundary', 'one', 'same', 'same', true],
    ['another field', 'two', 'same', 'other', false],
  ])('multipart with %s', async (_name, boundary, field, secondField, isSame) => {
    const path = framework === 'express' ? '/uploads' : '/orders';
    const send = (mark: string, text: string, key: string): Promise<Response> => {
      const { type, body } = form(mark, text, 'content');
      return fetch(stage.url + path, { method: 'POST', headers: { 'Content-Type': type, 'Idempotency-Key': key }, body });
    };
    const key = newKey();
    expect((await send(`${boundary}-a`, field, key)).status).toBe(201);
    expect((await send(`${boundary}-b`, secondField, key)).status).toBe(isSame ? 201 : 422);
  });

  it('multipart with another file', async () => {
    const path = framework === 'express' ? '/uploads' : '/orders';
    const key = newKey();
    const statuses: number[] = [];
    for (const content of ['one', 'one', 'two']) {
      const { type, body } = form('b', 'x', content);
      const headers = { 'Content-Type': type, 'Idempotency-Key': key };
      statuses.push((await fetch(stage.url + path, { method: 'POST', headers, body })).status);
    }
    expect(statuses).toEqual([201, 201, 422]);
  });

  it('refuses to start where the multipart parser runs inside', async () => {
    @Controller()
    class Inside {
      @Post('inside')
      @UseInterceptors(FileInterceptor('file'))
      @Idempotent()
      upload(): object {
        return {};
      }
    }
    const opening = HttpStage.open({ framework, controllers: [Inside], idempotency: { scope: 'global' } });
    await expect(opening).rejects.toBeInstanceOf(LockOptionsError);
    await expect(opening).rejects.toThrow(/Inside\.upload.*fingerprint/);
  });
});
