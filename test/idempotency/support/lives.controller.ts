import { Controller, Header, Post, Req, StreamableFile, type ExecutionContext } from '@nestjs/common';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { defer, type Observable } from 'rxjs';
import { IdempotencyContext, Idempotent } from 'nestjs-redis-lock';
import { Gate } from './gate.js';

export const LARGE = 'x'.repeat(5_000);
export const flip = (bytes: Buffer): Buffer => Buffer.from(bytes.map((byte) => byte ^ 0xff));
export const userOf = (context: ExecutionContext): string =>
  `user:${String(context.switchToHttp().getRequest<{ headers: Record<string, unknown> }>().headers['x-user'])}`;

@Controller()
export class Lives {
  starts = 0;
  readonly gate = new Gate();
  socket: Socket | undefined;

  @Post('retried')
  @Idempotent({ lease: '1s', onLeaseExpired: 'retry' })
  retried(@IdempotencyContext() { attempt }: IdempotencyContext): Promise<object> {
    return this.run({ attempt });
  }

  @Post('blocked')
  @Idempotent({ lease: '1s', onLeaseExpired: 'block' })
  blocked(): Promise<object> {
    return this.run({});
  }

  @Post('large')
  @Header('Location', '/orders/9')
  @Idempotent({ maxBody: '1kb' })
  large(): string {
    this.starts++;
    return LARGE;
  }

  @Post('large-stream')
  @Header('Location', '/orders/9')
  @Idempotent({ maxBody: '1kb' })
  largeStream(): StreamableFile {
    this.starts++;
    return new StreamableFile(Readable.from(Array.from({ length: 50 }, () => Buffer.from('x'.repeat(100)))));
  }

  @Post('exact')
  @Idempotent({ maxBody: 5_000 })
  exact(): string {
    this.starts++;
    return LARGE;
  }

  @Post('promise')
  @Idempotent()
  promise(@Req() { socket }: { socket: Socket }): Promise<object> {
    this.socket = socket;
    return this.run({});
  }

  @Post('observable')
  @Idempotent()
  observable(@Req() { socket }: { socket: Socket }): Observable<object> {
    this.socket = socket;
    return defer(() => this.run({}));
  }

  @Post('quick')
  @Idempotent()
  quick(): object {
    return { start: ++this.starts };
  }

  @Post('users')
  @Idempotent({ scope: userOf })
  users(): object {
    return { start: ++this.starts };
  }

  @Post('sealed')
  @Idempotent({ encrypt: flip, decrypt: async (bytes) => flip(bytes) })
  sealed(): string {
    this.starts++;
    return 'plain for the client';
  }

  @Post('lost-secret')
  @Idempotent({
    encrypt: flip,
    decrypt: () => {
      throw new Error('no key');
    },
  })
  lostSecret(): string {
    this.starts++;
    return 'once';
  }

  private async run(more: object): Promise<object> {
    const start = ++this.starts;
    await this.gate.pass();
    return { start, ...more };
  }
}
