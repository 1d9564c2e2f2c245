import type { CallHandler, ExecutionContext, INestApplication, NestInterceptor } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { ServerResponse } from 'node:http';
import { gunzipSync, gzipSync } from 'node:zlib';
import { map, type Observable } from 'rxjs';
import { FRAMEWORKS, HttpStage, newKey, type Framework } from './support/http-stage.js';
import { rawRequest, valuesOf, type RawReply } from './support/raw-request.js';
import { AcceptedFilter, BYTES, Replies, type Reply } from './support/replies.controller.js';

/** A template engine of one line. */
function addViews(app: INestApplication, framework: Framework): void {
  const page = (data: unknown): string => `<p>${JSON.stringify(data)}</p>`;
  if (framework === 'fastify') {
    const fastify: { decorateReply(name: string, value: unknown): void } = app.getHttpAdapter().getInstance(); // what is used of the framework's own object
    fastify.decorateReply('view', function (this: Reply, _view: string, data: unknown) {
      return this.header('Content-Type', 'text/html; charset=utf-8').send(page(data));
    });
    return;
  }
  const express = app.getHttpAdapter().getInstance() as { set(name: string, value: unknown): void }; // what is used of the framework's own object
  // Express asks a view class of its settings to find and render a template.
  express.set(
    'view',
    class {
      readonly path = 'page';
      render({ start }: { start: number }, done: (error: null, text: string) => void): void {
        done(null, page({ start }));
      }
    },
  );
}

/** Packs what it is given at the end of the reply, as compressing middleware does. */
function packing(_request: unknown, response: ServerResponse, next: () => void): void {
  const end = response.end.bind(response) as (body?: Buffer) => ServerResponse; // one of its forms
  const inherited = response.writeHead.bind(response);
  const writeHead = (status: number): ServerResponse => inherited(status);
  const chunks: Buffer[] = [];
  let ending = false;
  const replaced = {
    writeHead(code: number, headers: Record<string, string> = {}): ServerResponse {
      // Node calls it by itself for the first bytes.
      if (ending) return writeHead(code);
      response.statusCode = code;
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      return response;
    },
    write(chunk: string | Buffer): boolean {
      chunks.push(Buffer.from(chunk as string)); // either
      return true;
    },
    end(chunk?: string | Buffer): ServerResponse {
      if (typeof chunk === 'string' || Buffer.isBuffer(chunk)) replaced.write(chunk);
      const packed = gzipSync(Buffer.concat(chunks));
      response.setHeader('Content-Encoding', 'gzip');
      response.setHeader('Content-Length', packed.length);
      ending = true;
      return end(packed);
    },
  };
  Object.assign(response, replaced);
  next();
}

class Wrapping implements NestInterceptor {
  runs = 0;

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const reply = context.switchToHttp().getResponse<Reply>();
    const before = [reply.getHeader('X-Outer') ?? []].flat().map(String);
    reply.header('X-Outer', [...before, 'once']);
    this.runs++;
    return next.handle().pipe(map((data) => ({ data })));
  }
}

/** Of each message anew, or of the connection. */
const OF_ONE_MESSAGE =
  /^(date|connection|keep-alive|transfer-encoding|content-length|idempotent-replayed|set-cookie|x-request-id|traceparent)$/;

function kept({ headers }: RawReply): string[] {
  return headers.flatMap(([name, value]) => (OF_ONE_MESSAGE.test(name) ? [] : [`${name}: ${value}`])).sort();
}

describe.each(FRAMEWORKS)('Replies, given again (%s)', (framework) => {
  let stage: HttpStage;
  let replies: Replies;
  const open = (prepare?: (app: INestApplication) => unknown): Promise<HttpStage> =>
    HttpStage.open({
      framework,
      controllers: [Replies],
      idempotency: { scope: 'global' },
      prepare: async (app) => {
        addViews(app, framework);
        app.useGlobalFilters(new AcceptedFilter(app.get(HttpAdapterHost)));
        await prepare?.(app);
      },
    });
  beforeAll(async () => {
    stage = await open();
    replies = stage.get(Replies);
  });
  afterAll(() => stage.close());
  beforeEach(() => (replies.starts = 0));

  const twice = async (path: string, headers: Record<string, string> = {}, at = stage): Promise<[RawReply, RawReply]> => {
    const sending = { headers: { 'Idempotency-Key': newKey(), ...headers } };
    return [await rawRequest(at.url + path, sending), await rawRequest(at.url + path, sending)];
  };

  it.each<[string, number, RegExp | Buffer]>([
    ['created', 201, /^{"start":1,"text":"请勿 ü","list":\[1,null\]}$/],
    ['ok', 200, /^{"start":1}$/],
    ['accepted', 202, /^{"start":1}$/],
    ['no-content', 204, /^$/],
    ['null', 201, /^(null)?$/],
    ['empty', 201, /^$/],
    ['text', 201, /^start 1$/],
    ['csv', 201, /^id;start\n1;1\n$/],
    ['passthrough', 207, /^{"start":1}$/],
    ['binary', 203, BYTES],
    ['raw', 203, /^one two three$/],
    ['file-buffer', 201, BYTES],
    ['file-stream', 201, BYTES],
    ['links', 201, /^{"start":1}$/],
    ['headers', 201, /^{"start":1}$/],
    ['private', 201, /^{"start":1}$/],
    ['redirect', 303, /^.*$/],
    ['redirect-dynamic', 307, /^.*$/],
    ['render', 201, /^<p>{"start":1}<\/p>$/],
    ['filtered', 202, /^{"queued":true}$/],
  ])('have status, headers and bytes of the first: %s', async (path, status, body) => {
    const [first, second] = await twice(`/${path}`);
    expect(first.status).toBe(status);
    if (Buffer.isBuffer(body)) expect(first.body.equals(body)).toBe(true);
    else expect(first.body.toString()).toMatch(body);
    expect(valuesOf(first, 'idempotent-replayed')).toEqual([]);
    expect(valuesOf(second, 'idempotent-replayed')).toEqual(['true']);
    expect(second.status).toBe(status);
    expect(second.body.equals(first.body)).toBe(true);
    expect(kept(second)).toEqual(kept(first));
    expect(replies.starts).toBe(1);
  });

  it('keep two lines of one header', async () => {
    const [, second] = await twice('/links');
    expect(valuesOf(second, 'link').join(', ')).toBe('</a>; rel="next", </b>; rel="prev"');
  });

  it('keep ETag, Location and headers of the application', async () => {
    const [, second] = await twice('/headers');
    expect(['etag', 'location', 'cache-control', 'x-order'].map((name) => valuesOf(second, name))).toEqual([
      ['"v1"'],
      ['/orders/1'],
      ['no-store'],
      ['1'],
    ]);
  });

  it('lead to the same place', async () => {
    const [fixed, made] = [await twice('/redirect'), await twice('/redirect-dynamic')];
    expect(fixed.map((reply) => valuesOf(reply, 'location'))).toEqual([['/elsewhere'], ['/elsewhere']]);
    expect(made.map((reply) => valuesOf(reply, 'location'))).toEqual([['/orders/2'], ['/orders/2']]);
  });

  it('are without cookies, when they were set by the handler', async () => {
    const key = newKey();
    const cookie = async (): Promise<unknown> =>
      rawRequest(`${stage.url}/cookie-in-handler`, { headers: { 'Idempotency-Key': key } }).then((reply) => valuesOf(reply, 'set-cookie'));
    expect(await cookie()).toEqual(['user=1']);
    expect(await cookie()).toEqual([]);
  });

  it('keep what `headers.allow` names and lose what `headers.deny` names, where the handler set it', async () => {
    const [first, second] = await twice('/headers-in-handler');
    expect([valuesOf(first, 'set-cookie'), valuesOf(first, 'x-denied')]).toEqual([['theme=dark'], ['here']]);
    expect([valuesOf(second, 'set-cookie'), valuesOf(second, 'x-denied')]).toEqual([['theme=dark'], []]);
  });

  it('are packed for who takes packed ones, and unpacked for others', async () => {
    const key = newKey();
    const send = (accept: string) => rawRequest(`${stage.url}/gzip`, { headers: { 'Idempotency-Key': key, 'Accept-Encoding': accept } });
    const [first, packed, plain] = [await send('gzip'), await send('gzip'), await send('identity')];
    expect(gunzipSync(first.body).toString()).toBe('start 1');
    expect(packed.body.equals(first.body)).toBe(true);
    expect(valuesOf(packed, 'content-encoding')).toEqual(['gzip']);
    expect(plain.body.toString()).toBe('start 1');
    expect(valuesOf(plain, 'content-encoding')).toEqual([]);
    expect(replies.starts).toBe(1);
  });

  it('are packed once by middleware', async () => {
    const packing_ = await open((app) => app.use(packing));
    try {
      const [first, second] = await twice('/created', { 'Accept-Encoding': 'gzip' }, packing_);
      expect(JSON.parse(gunzipSync(first.body).toString())).toMatchObject({ start: 1 });
      expect(second.body.equals(first.body)).toBe(true);
      expect(valuesOf(second, 'content-encoding')).toEqual(['gzip']);
      expect(valuesOf(second, 'idempotent-replayed')).toEqual(['true']);
    } finally {
      await packing_.close();
    }
  });

  it.each(['created', 'null', 'no-content', 'file-buffer', 'redirect', 'passthrough', 'binary'])(
    'go once through an interceptor outside: %s',
    async (path) => {
      const wrapping = new Wrapping();
      const wrapped = await open((app) => app.useGlobalInterceptors(wrapping));
      try {
        const [first, second] = await twice(`/${path}`, {}, wrapped);
        expect(second.status).toBe(first.status);
        expect(second.body.equals(first.body)).toBe(true);
        expect(valuesOf(second, 'x-outer')).toEqual(['once']);
        expect(kept(second)).toEqual(kept(first));
        expect(valuesOf(second, 'idempotent-replayed')).toEqual(['true']);
        expect([wrapping.runs, wrapped.get(Replies).starts]).toEqual([2, 1]);
        if (path === 'created') expect(JSON.parse(second.body.toString())).toMatchObject({ data: { start: 1 } });
      } finally {
        await wrapped.close();
      }
    },
  );
});
