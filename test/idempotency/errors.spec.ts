import {
  BadGatewayException,
  Body,
  Catch,
  Controller,
  HttpException,
  Param,
  Post,
  Req,
  RequestTimeoutException,
  UnauthorizedException,
  UseGuards,
  ValidationPipe,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { IsInt, Min } from 'class-validator';
import { catchError, throwError, timeout, type Observable } from 'rxjs';
import { IdempotencyContext, IdempotencyException, Idempotent } from 'nestjs-redis-lock';
import { until } from '../faults/support/until.js';
import { Gate } from './support/gate.js';
import { codeOf, FRAMEWORKS, HttpStage, newKey } from './support/http-stage.js';

class Order {
  @IsInt()
  @Min(1)
  quantity = 0;
}

interface Headers {
  readonly headers: Readonly<Record<string, string | undefined>>;
}

class Authorised implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (context.switchToHttp().getRequest<Headers>().headers['authorization'] === 'yes') return true;
    throw new UnauthorizedException();
  }
}

/** Answers at once, in the place of a handler that still runs, where the client asks for it. */
class Impatient implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.switchToHttp().getRequest<Headers>().headers['x-impatient'] === undefined) return next.handle();
    return next.handle().pipe(
      timeout(300),
      catchError(() => throwError(() => new RequestTimeoutException())),
    );
  }
}

/** Shapes every error in its own way. */
@Catch()
class OwnShape implements ExceptionFilter {
  constructor(private readonly host: HttpAdapterHost) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const status = error instanceof HttpException ? error.getStatus() : 500;
    const code = error instanceof IdempotencyException ? error.code : 'OWN';
    this.host.httpAdapter.reply(host.switchToHttp().getResponse(), { failed: code }, status);
  }
}

@Controller()
class Failing {
  starts = 0;
  readonly gate = new Gate();
  failsLate = false;

  @Post('validated')
  @Idempotent()
  validated(@Body() order: Order): object {
    return { start: ++this.starts, quantity: order.quantity };
  }

  @Post('guarded')
  @UseGuards(Authorised)
  @Idempotent()
  guarded(): object {
    return { start: ++this.starts };
  }

  @Post('none/:status')
  @Idempotent()
  none(@Param('status') status: string): object {
    throw this.error(status);
  }

  @Post('4xx/:status')
  @Idempotent({ storeErrors: '4xx' })
  below500(@Param('status') status: string): object {
    throw this.error(status);
  }

  @Post('all/:status')
  @Idempotent({ storeErrors: 'all' })
  all(@Param('status') status: string): object {
    throw this.error(status);
  }

  @Post('committed/:status')
  @Idempotent()
  committed(@Param('status') status: string, @IdempotencyContext() idempotency: IdempotencyContext): object {
    idempotency.committed();
    throw this.error(status);
  }

  @Post('recovers')
  @Idempotent()
  recovers(@Req() _request: object): object {
    if (++this.starts === 1) throw new BadGatewayException();
    return { start: this.starts };
  }

  @Post('slow')
  @Idempotent()
  async slow(): Promise<object> {
    const start = ++this.starts;
    await this.gate.pass();
    if (this.failsLate) throw new Error('late');
    return { start };
  }

  private error(status: string): Error {
    const start = ++this.starts;
    return status === 'plain' ? new Error('not of HTTP') : new HttpException({ start }, Number(status));
  }
}

describe.each(FRAMEWORKS)('Requests that fail (%s)', (framework) => {
  let stage: HttpStage;
  let failing: Failing;
  beforeAll(async () => {
    stage = await HttpStage.open({
      framework,
      controllers: [Failing],
      idempotency: { scope: 'global' },
      prepare: (app) => app.useGlobalPipes(new ValidationPipe()).useGlobalInterceptors(new Impatient()),
    });
    failing = stage.get(Failing);
  });
  afterAll(() => stage.close());
  beforeEach(() => {
    failing.starts = 0;
    failing.failsLate = false;
  });

  it('by validation can be corrected under the same key', async () => {
    const key = newKey();
    const refused = await stage.send('/validated', { key, body: { quantity: 0 } });
    expect([refused.status, failing.starts]).toEqual([400, 0]);
    const corrected = await stage.send('/validated', { key, body: { quantity: 2 } });
    expect([corrected.status, await corrected.json()]).toEqual([201, { start: 1, quantity: 2 }]);
    expect((await stage.send('/validated', { key, body: { quantity: 2 } })).headers.get('idempotent-replayed')).toBe('true');
    expect(failing.starts).toBe(1);
  });

  it('at a guard can be sent again under the same key', async () => {
    const key = newKey();
    expect((await stage.send('/guarded', { key })).status).toBe(401);
    expect(failing.starts).toBe(0);
    expect((await stage.send('/guarded', { key, headers: { Authorization: 'yes' } })).status).toBe(201);
    // A stored reply is not for whom the guard turns away.
    expect((await stage.send('/guarded', { key })).status).toBe(401);
    expect(failing.starts).toBe(1);
  });

  it.each([
    ['none', '400', 2],
    ['none', '409', 2],
    ['none', '500', 2],
    ['none', 'plain', 2],
    ['4xx', '400', 1],
    ['4xx', '404', 1],
    ['4xx', '499', 1],
    ['4xx', '500', 2],
    ['4xx', 'plain', 2],
    ['all', '422', 1],
    ['all', '500', 1],
    ['all', '503', 1],
    ['all', 'plain', 1],
    ['committed', '400', 1],
    ['committed', '500', 1],
    ['committed', 'plain', 1],
  ])('with storeErrors or after committed() (%s), status %s: %i starts of two', async (kind, status, starts) => {
    const key = newKey();
    const [first, second] = [await stage.send(`/${kind}/${status}`, { key }), await stage.send(`/${kind}/${status}`, { key })];
    expect(first.status).toBe(status === 'plain' ? 500 : Number(status));
    expect(second.status).toBe(first.status);
    expect(failing.starts).toBe(starts);
    expect(second.headers.get('idempotent-replayed')).toBe(starts === 1 ? 'true' : null);
    if (starts === 1) expect(await second.text()).toBe(await first.text());
  });

  it('leave the key to a retry that succeeds, and that one is kept', async () => {
    const key = newKey();
    const statuses: number[] = [];
    for (let i = 0; i < 3; i++) statuses.push((await stage.send('/recovers', { key })).status);
    expect(statuses).toEqual([502, 201, 201]);
    expect(failing.starts).toBe(2);
  });

  it('by a timeout are in progress while the handler runs, and are not run again when it has succeeded', async () => {
    const key = newKey();
    failing.gate.close();
    try {
      expect((await stage.send('/slow', { key, headers: { 'X-Impatient': '1' } })).status).toBe(408);
      const retry = await stage.send('/slow', { key });
      expect([retry.status, await codeOf(retry)]).toEqual([409, 'IDEMPOTENCY_IN_PROGRESS']);
    } finally {
      failing.gate.release();
    }
    await until('the handler’s end is noted', 5_000, async () => {
      return (await codeOf(await stage.send('/slow', { key }))) === 'IDEMPOTENCY_NOT_REPLAYABLE';
    });
    expect(failing.starts).toBe(1);
  });

  it('by a timeout leave the key when the handler has failed after all', async () => {
    const key = newKey();
    failing.gate.close();
    failing.failsLate = true;
    try {
      expect((await stage.send('/slow', { key, headers: { 'X-Impatient': '1' } })).status).toBe(408);
      expect((await stage.send('/slow', { key })).status).toBe(409);
      expect(failing.starts).toBe(1);
    } finally {
      failing.gate.release();
    }
    await until('the key is free', 5_000, async () => (await stage.send('/slow', { key })).status === 500);
    expect(failing.starts).toBe(2);
  });

  it('are shaped by the user’s own filter, ours and theirs', async () => {
    const own = await HttpStage.open({
      framework,
      controllers: [Failing],
      idempotency: { scope: 'global' },
      prepare: (app) => app.useGlobalFilters(new OwnShape(app.get(HttpAdapterHost))),
    });
    try {
      const missing = await own.send('/slow');
      expect([missing.status, await missing.json()]).toEqual([400, { failed: 'IDEMPOTENCY_KEY_MISSING' }]);
      expect(missing.headers.get('link')).toContain('describedby');
      const key = newKey();
      for (const replayed of [null, 'true']) {
        const response = await own.send('/all/418', { key });
        expect([response.status, await response.json()]).toEqual([418, { failed: 'OWN' }]);
        expect(response.headers.get('idempotent-replayed')).toBe(replayed);
      }
      expect(own.get(Failing).starts).toBe(1);
    } finally {
      await own.close();
    }
  });
});
