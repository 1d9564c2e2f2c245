import {
  Body,
  Controller,
  createParamDecorator,
  ForbiddenException,
  Get,
  Header,
  HttpCode,
  Inject,
  Injectable,
  Param,
  ParseIntPipe,
  Post,
  Scope,
  SetMetadata,
  UseGuards,
  UseInterceptors,
  ValidationPipe,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiOperation, ApiProperty, ApiResponse, DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { IsInt, IsString } from 'class-validator';
import { Locked, LockService } from 'nestjs-redis-lock';
import type { Observable } from 'rxjs';
import { map } from 'rxjs/operators';
import { ownedByEachTest } from '../faults/support/owned.js';
import { HttpApp, type Platform } from './support/http-app.js';
import { Watched } from './support/test-app.js';

const owned = ownedByEachTest();
const PLATFORMS: Platform[] = ['express', 'fastify'];

class Purchase {
  @ApiProperty()
  @IsString()
  userId!: string;

  @ApiProperty()
  @IsInt()
  quantity!: number;
}

@Injectable()
class RoleGuard implements CanActivate {
  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(LockService) private readonly locks: LockService,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const role = this.reflector.get<string | undefined>('role', context.getHandler());
    if (role !== 'seller') throw new ForbiddenException(`no seller, but ${String(role)}`);
    // Guards run before the method, and so outside of its lock.
    return this.locks.current() === undefined;
  }
}

@Injectable()
class Tagging implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((value: object) => ({ ...value, tag: context.getHandler().name })));
  }
}

const Agent = createParamDecorator((_data: unknown, context: ExecutionContext): unknown => {
  return context.switchToHttp().getRequest<{ headers: Record<string, unknown> }>().headers['x-agent'];
});

@Controller('above')
class Above extends Watched {
  @Get(':id')
  @HttpCode(203)
  @Header('x-kind', 'stock')
  @ApiOperation({ summary: 'Stock of a product' })
  @ApiResponse({ status: 203, description: 'its stock' })
  @UseInterceptors(Tagging)
  @Locked('stock:{id}')
  async stock(@Param('id', ParseIntPipe) id: number, @Agent() agent: string): Promise<object> {
    return { id, agent, key: this.key() };
  }

  @Post(':id')
  @SetMetadata('role', 'seller')
  @UseGuards(RoleGuard)
  @ApiOperation({ summary: 'Buys' })
  @Locked('buy:{purchase.userId}:{0}')
  async buy(@Param('id') id: string, @Body() purchase: Purchase): Promise<object> {
    return { id, isPurchase: purchase instanceof Purchase, key: this.key() };
  }

  @Get('forbidden/:id')
  @SetMetadata('role', 'buyer')
  @UseGuards(RoleGuard)
  @Locked('forbidden')
  async forbidden(): Promise<object> {
    return {};
  }
}

@Controller('below')
class Below extends Watched {
  @Locked('stock:{id}')
  @UseInterceptors(Tagging)
  @ApiResponse({ status: 203, description: 'its stock' })
  @ApiOperation({ summary: 'Stock of a product' })
  @Header('x-kind', 'stock')
  @HttpCode(203)
  @Get(':id')
  async stock(@Param('id', ParseIntPipe) id: number, @Agent() agent: string): Promise<object> {
    return { id, agent, key: this.key() };
  }

  @Locked('buy:{purchase.userId}:{0}')
  @ApiOperation({ summary: 'Buys' })
  @UseGuards(RoleGuard)
  @SetMetadata('role', 'seller')
  @Post(':id')
  async buy(@Param('id') id: string, @Body() purchase: Purchase): Promise<object> {
    return { id, isPurchase: purchase instanceof Purchase, key: this.key() };
  }

  @Locked('forbidden')
  @UseGuards(RoleGuard)
  @SetMetadata('role', 'buyer')
  @Get('forbidden/:id')
  async forbidden(): Promise<object> {
    return {};
  }
}

@Controller({ path: 'per-request', scope: Scope.REQUEST })
class PerRequest extends Watched {
  static made = 0;
  readonly number = ++PerRequest.made;

  @Get(':id')
  @Locked('stock:{id}')
  async stock(@Param('id') id: string): Promise<object> {
    return { id, number: this.number, key: this.key() };
  }
}

@Controller('inherited')
class Inherited extends Above {}

const controllers = [Above, Below, PerRequest, Inherited];

describe.each(PLATFORMS)('on %s', (platform) => {
  let app: HttpApp;

  beforeEach(async () => {
    const prepare = (nest: { useGlobalPipes: (pipe: ValidationPipe) => unknown }) =>
      nest.useGlobalPipes(new ValidationPipe({ transform: true }));
    app = owned.add(await HttpApp.start({ controllers }, { platform, prepare }));
  });

  it.each(['above', 'below', 'inherited'])('routes, headers, status, pipes and interceptors %s work', async (place) => {
    const answer = await app.fetch(`/${place}/42`, { headers: { 'x-agent': 'test' } });
    expect(answer.status).toBe(203);
    expect(answer.headers.get('x-kind')).toBe('stock');
    expect(await answer.json()).toEqual({ id: 42, agent: 'test', key: 'stock:42', tag: 'stock' });
    expect((await app.fetch(`/${place}/abc`)).status).toBe(400);
  });

  it.each(['above', 'below', 'inherited'])('bodies and guards %s work', async (place) => {
    const answer = await app.post(`/${place}/42`, { userId: 'ann', quantity: 1 });
    expect(await answer.json()).toEqual({ id: '42', isPurchase: true, key: 'buy:ann:42' });
    expect(answer.status).toBe(201);
    expect((await app.post(`/${place}/42`, { userId: 'ann', quantity: 'many' })).status).toBe(400);
    const forbidden = await app.fetch(`/${place}/forbidden/42`);
    expect(forbidden.status).toBe(403);
    expect(await forbidden.json()).toMatchObject({ message: 'no seller, but buyer' });
  });

  it('each request has its own instance where the controller is request-scoped', async () => {
    const ask = async (id: number): Promise<{ number: number }> => {
      const answer = await app.fetch(`/per-request/${String(id)}`);
      return (await answer.json()) as { number: number }; // as PerRequest answers
    };
    const answers = await Promise.all([ask(1), ask(2)]);
    expect(answers).toMatchObject([{ key: 'stock:1' }, { key: 'stock:2' }]);
    expect(answers[0].number).not.toBe(answers[1].number);
  });
});

it('the OpenAPI document says the same in either order', async () => {
  const app = owned.add(await HttpApp.start({ controllers: [Above, Below] }));
  const document = SwaggerModule.createDocument(app.nest, new DocumentBuilder().build());
  const operation = (path: string, method: 'get' | 'post') => ({
    ...document.paths[path]?.[method],
    operationId: undefined,
    tags: undefined,
  });
  for (const [path, method] of [
    ['{id}', 'get'],
    ['{id}', 'post'],
  ] as const) {
    expect(operation(`/below/${path}`, method)).toEqual(operation(`/above/${path}`, method));
  }
  expect(operation('/above/{id}', 'get')).toMatchObject({
    summary: 'Stock of a product',
    parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'number' } }],
    responses: { 203: { description: 'its stock' } },
  });
  expect(operation('/above/{id}', 'post')).toMatchObject({
    summary: 'Buys',
    requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Purchase' } } } },
  });
});
