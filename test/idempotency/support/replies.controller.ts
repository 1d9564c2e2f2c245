import {
  Catch,
  Controller,
  Header,
  HttpCode,
  Post,
  Redirect,
  Render,
  Res,
  StreamableFile,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { Idempotent } from 'nestjs-redis-lock';

export const BYTES = Buffer.from(Array.from({ length: 1_024 }, (_, i) => i % 256));

/** What Express's response and Fastify's reply have in common. */
export interface Reply {
  status(code: number): this;
  header(name: string, value: string | string[]): this;
  getHeader(name: string): unknown;
  send(body: unknown): unknown;
  readonly raw?: ServerResponse;
  hijack?(): void;
}

class Accepted extends Error {}

@Catch(Accepted)
export class AcceptedFilter implements ExceptionFilter {
  constructor(private readonly host: HttpAdapterHost) {}

  catch(_error: Accepted, host: ArgumentsHost): void {
    this.host.httpAdapter.reply(host.switchToHttp().getResponse(), { queued: true }, 202);
  }
}

/** Every handler says which start it was, where its reply has a place for it. */
@Controller()
export class Replies {
  starts = 0;

  @Post('created')
  @Idempotent()
  created(): object {
    return { start: ++this.starts, text: '请勿 ü', list: [1, null] };
  }

  @Post('ok')
  @HttpCode(200)
  @Idempotent()
  ok(): object {
    return { start: ++this.starts };
  }

  @Post('accepted')
  @HttpCode(202)
  @Idempotent()
  accepted(): object {
    return { start: ++this.starts };
  }

  @Post('no-content')
  @HttpCode(204)
  @Idempotent()
  noContent(): void {
    this.starts++;
  }

  @Post('null')
  @Idempotent()
  nothing(): null {
    this.starts++;
    return null;
  }

  @Post('empty')
  @Idempotent()
  empty(): string {
    this.starts++;
    return '';
  }

  @Post('text')
  @Idempotent()
  text(): string {
    return `start ${String(++this.starts)}`;
  }

  @Post('csv')
  @Header('Content-Type', 'text/csv; charset=utf-8')
  @Header('Content-Disposition', 'attachment; filename="a.csv"')
  @Idempotent()
  csv(): string {
    return `id;start\n1;${String(++this.starts)}\n`;
  }

  @Post('passthrough')
  @Idempotent()
  passthrough(@Res({ passthrough: true }) reply: Reply): object {
    reply.status(207).header('X-Kind', 'many');
    return { start: ++this.starts };
  }

  @Post('binary')
  @Idempotent()
  binary(@Res() reply: Reply): void {
    this.starts++;
    reply.status(203).header('Content-Type', 'application/octet-stream').send(BYTES);
  }

  @Post('raw')
  @Idempotent()
  raw(@Res() reply: Reply): void {
    this.starts++;
    reply.hijack?.();
    const raw = reply.raw ?? (reply as unknown as ServerResponse); // Express's is Node's own
    raw.writeHead(203, { 'Content-Type': 'text/plain', 'X-Raw': ['a', 'b'] });
    raw.write('one ');
    raw.write(Buffer.from('two '));
    raw.end('dGhyZWU=', 'base64');
  }

  @Post('file-buffer')
  @Idempotent()
  fileBuffer(): StreamableFile {
    this.starts++;
    return new StreamableFile(BYTES, { type: 'image/png', disposition: 'attachment; filename="a.png"', length: BYTES.length });
  }

  @Post('file-stream')
  @Idempotent()
  fileStream(): StreamableFile {
    this.starts++;
    return new StreamableFile(Readable.from([BYTES.subarray(0, 500), BYTES.subarray(500)]), { type: 'application/pdf' });
  }

  @Post('links')
  @Idempotent()
  links(@Res({ passthrough: true }) reply: Reply): object {
    reply.header('Link', ['</a>; rel="next"', '</b>; rel="prev"']);
    return { start: ++this.starts };
  }

  @Post('headers')
  @Header('ETag', '"v1"')
  @Header('Location', '/orders/1')
  @Header('Cache-Control', 'no-store')
  @Header('X-Order', '1')
  @Idempotent()
  headers(): object {
    return { start: ++this.starts };
  }

  @Post('private')
  @Header('Set-Cookie', 'session=1')
  @Header('X-Request-Id', 'one')
  @Header('Traceparent', '00-1')
  @Idempotent()
  hidden(): object {
    return { start: ++this.starts };
  }

  @Post('cookie-in-handler')
  @Idempotent()
  cookieInHandler(@Res({ passthrough: true }) reply: Reply): object {
    reply.header('Set-Cookie', 'user=1');
    return { start: ++this.starts };
  }

  @Post('headers-in-handler')
  @Idempotent({ headers: { allow: ['Set-Cookie'], deny: ['x-denied'] } })
  headersInHandler(@Res({ passthrough: true }) reply: Reply): object {
    reply.header('Set-Cookie', 'theme=dark').header('X-Denied', 'here');
    return { start: ++this.starts };
  }

  @Post('redirect')
  @Redirect('/elsewhere', 303)
  @Idempotent()
  redirect(): void {
    this.starts++;
  }

  @Post('redirect-dynamic')
  @Redirect('/elsewhere', 303)
  @Idempotent()
  redirectDynamic(): object {
    return { url: `/orders/${String(++this.starts)}`, statusCode: 307 };
  }

  @Post('render')
  @Render('page')
  @Idempotent()
  render(): object {
    return { start: ++this.starts };
  }

  @Post('gzip')
  @Header('Content-Encoding', 'gzip')
  @Header('Vary', 'Accept-Encoding')
  @Idempotent()
  gzip(): StreamableFile {
    return new StreamableFile(gzipSync(`start ${String(++this.starts)}`), { type: 'text/plain' });
  }

  @Post('filtered')
  @Idempotent()
  filtered(): object {
    this.starts++;
    throw new Accepted();
  }
}
