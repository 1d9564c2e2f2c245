import { request as httpRequest } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Controller,
  Injectable,
  Post,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
} from '@nestjs/common';
import { AnyFilesInterceptor, FileInterceptor } from '@nestjs/platform-express';
import { LockOptionsError } from 'nestjs-redis-lock';
import { of, type Observable } from 'rxjs';
import { fingerprintOf, type ComparedRequest } from '../../../libs/redis-lock/src/idempotency/fingerprint.js';
import { readKeyHeader } from '../../../libs/redis-lock/src/idempotency/key-header.js';
import { FRAMEWORKS, HttpStage, type Framework } from '../support/http-stage.js';

const open: HttpStage[] = [];
afterEach(async () => {
  for (const stage of open.splice(0)) await stage.close();
});

async function start(parts: Parameters<typeof HttpStage.open>[0]): Promise<HttpStage> {
  const stage = await HttpStage.open(parts);
  open.push(stage);
  return stage;
}

/** Answers with what is read of the request, in the handler's place. */
@Injectable()
class Reading implements NestInterceptor {
  async intercept(context: ExecutionContext, _next: CallHandler): Promise<Observable<unknown>> {
    const request = context.switchToHttp().getRequest<ComparedRequest & { raw?: { rawHeaders: string[] }; rawHeaders: string[] }>();
    const { rawHeaders } = request.raw ?? request;
    const key = readKeyHeader(request.headers['idempotency-key'], rawHeaders, 'Idempotency-Key');
    try {
      return of({ key, fingerprint: (await fingerprintOf(request, 'here')).toString('hex') });
    } catch (error) {
      if (error instanceof LockOptionsError) return of({ key, refused: error.message });
      throw error;
    }
  }
}

interface Found {
  readonly key: unknown;
  readonly fingerprint?: string;
  readonly refused?: string;
}

@Controller()
class Orders {
  @Post('orders')
  @UseInterceptors(Reading)
  create(): void {}
}

async function startOrders(framework: Framework, prepare?: (app: INestApplication) => unknown): Promise<HttpStage> {
  return start({ framework, controllers: [Orders], ...(prepare && { prepare }) });
}

const found = async (response: Promise<Response>): Promise<Found> => (await response).json() as Promise<Found>;

/** Sends what fetch() would not: header lines as they stand, a body in chunks. */
function sendRaw({ url }: HttpStage, headers: string[], chunks: string[] = []): Promise<Found> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${url}/orders`, { method: 'POST', headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve(JSON.parse(text) as Found)).on('error', reject);
    });
    request.on('error', reject);
    for (const chunk of chunks) request.write(chunk);
    request.end();
  });
}

describe.each(FRAMEWORKS)('what is read of a request on %s', (framework) => {
  it('the same JSON and query in another order have one fingerprint, others have others', async () => {
    const stage = await startOrders(framework);
    const send = async (query: string, body: string): Promise<string | undefined> =>
      (await found(fetch(`${stage.url}/orders?${query}`, { method: 'POST', body, headers: { 'Content-Type': 'application/json' } })))
        .fingerprint;
    const first = await send('a=1&b=2', '{"x":1,"y":[1,2]}');
    expect(first).toMatch(/^[\da-f]{32}$/);
    expect(await send('b=2&a=1', '{ "y": [1, 2], "x": 1 }')).toBe(first);
    const others = [await send('a=1&b=3', '{"x":1,"y":[1,2]}'), await send('a=1&b=2', '{"x":1,"y":[2,1]}'), await send('a=1&b=2', '{}')];
    expect(new Set([first, ...others]).size).toBe(4);
  });

  it('a request without a body has one', async () => {
    const stage = await startOrders(framework);
    const first = await found(stage.send('/orders'));
    expect(first.fingerprint).toMatch(/^[\da-f]{32}$/);
    expect((await found(stage.send('/orders'))).fingerprint).toBe(first.fingerprint);
    expect((await found(stage.send('/orders', { body: {} }))).fingerprint).not.toBe(first.fingerprint);
  });

  it('the key is found whatever its quotes, and not where it was sent twice', async () => {
    const stage = await startOrders(framework);
    const send = (...lines: string[]): Promise<Found> => sendRaw(stage, ['Host', 'localhost', 'Content-Length', '0', ...lines]);
    expect((await send('Idempotency-Key', 'k-1')).key).toEqual({ kind: 'key', key: 'k-1' });
    expect((await send('idempotency-key', '"k-1"')).key).toEqual({ kind: 'key', key: 'k-1' });
    expect((await send()).key).toEqual({ kind: 'missing' });
    expect((await send('Idempotency-Key', '')).key).toMatchObject({ kind: 'invalid' });
    expect((await send('Idempotency-Key', 'k-1', 'idempotency-key', 'k-1')).key).toMatchObject({ kind: 'invalid' });
    expect((await send('Idempotency-Key', '"k-1"', 'Idempotency-Key', '"k-1"')).key).toMatchObject({ kind: 'invalid' });
  });
});

it('chunks of which none came are no body; Fastify refuses them itself', async () => {
  const stage = await startOrders('express');
  const chunked = await sendRaw(stage, ['Host', 'localhost', 'Transfer-Encoding', 'chunked']);
  expect(chunked.fingerprint).toBe((await found(stage.send('/orders'))).fingerprint);
});

it('a body of a type that Express does not parse cannot be compared', async () => {
  const stage = await startOrders('express');
  const headers = { 'Content-Type': 'text/plain' };
  const text = await found(fetch(`${stage.url}/orders`, { method: 'POST', headers, body: 'a' }));
  expect(text.refused).toMatch(/^here: body: nobody has read it yet/);
  const chunked = await sendRaw(stage, ['Host', 'localhost', 'Content-Type', 'text/plain', 'Transfer-Encoding', 'chunked'], ['a', 'b']);
  expect(chunked.refused).toMatch(/^here: body: nobody has read it yet/);
});

it('a body that a parser of Fastify’s hands on unread cannot be compared', async () => {
  const stage = await startOrders('fastify', (app) => {
    const { instance } = app.getHttpAdapter() as unknown as { instance: FastifyParsers }; // FastifyAdapter's, whose types need fastify's
    instance.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));
    instance.addContentTypeParser('multipart/form-data', (_request, _payload, done) => done(null));
    instance.addContentTypeParser('text/csv', { parseAs: 'buffer' }, (_request, payload, done) => done(null, payload));
  });
  const send = (type: string, body: string): Promise<Found> =>
    found(fetch(`${stage.url}/orders`, { method: 'POST', body, headers: { 'Content-Type': type } }));
  for (const type of ['application/octet-stream', 'multipart/form-data; boundary=x']) {
    expect((await send(type, 'a')).refused).toMatch(/^here: body: nobody has read it yet/);
  }
  const csv = await send('text/csv', 'a;b');
  expect(csv.fingerprint).toMatch(/^[\da-f]{32}$/);
  expect((await send('text/csv', 'a;b')).fingerprint).toBe(csv.fingerprint);
  expect((await send('text/csv', 'a;c')).fingerprint).not.toBe(csv.fingerprint);
});

interface FastifyParsers {
  addContentTypeParser(type: string, parse: (request: unknown, payload: unknown, done: Done) => void): void;
  addContentTypeParser(type: string, how: { parseAs: 'buffer' }, parse: (request: unknown, payload: unknown, done: Done) => void): void;
}

type Done = (error: null, body?: unknown) => void;

describe('a form with files', () => {
  let directory = '';
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'uploads-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  /** fetch() makes another boundary each time. */
  const form = (content: string, title = 'x', name = 'a.txt'): FormData => {
    const data = new FormData();
    data.append('title', title);
    data.append('photo', new Blob([content], { type: 'text/plain' }), name);
    return data;
  };

  async function startUploads(): Promise<(path: string, body: FormData) => Promise<Found>> {
    @Controller()
    class Uploads {
      @Post('memory')
      @UseInterceptors(FileInterceptor('photo'), Reading)
      memory(): void {}

      @Post('disk')
      @UseInterceptors(AnyFilesInterceptor({ dest: directory }), Reading)
      disk(): void {}

      @Post('inside')
      @UseInterceptors(Reading, FileInterceptor('photo'))
      inside(): void {}
    }
    const stage = await start({ framework: 'express', controllers: [Uploads] });
    return (path, body) => found(fetch(stage.url + path, { method: 'POST', body }));
  }

  it.each(['/memory', '/disk'])('is compared by its fields and files where the parser runs outside: %s', async (path) => {
    const send = await startUploads();
    const first = await send(path, form('one'));
    expect(first.fingerprint).toMatch(/^[\da-f]{32}$/);
    expect((await send(path, form('one'))).fingerprint).toBe(first.fingerprint);
    const others = [form('two'), form('one', 'y'), form('one', 'x', 'b.txt')];
    for (const other of others) expect((await send(path, other)).fingerprint).not.toBe(first.fingerprint);
  });

  it('cannot be compared where the parser runs inside', async () => {
    const send = await startUploads();
    expect((await send('/inside', form('one'))).refused).toMatch(/^here: body: nobody has read it yet/);
  });
});
