import { Controller, Post, type ExecutionContext, type Type } from '@nestjs/common';
import { Idempotent, LockOptionsError, PreventDuplicate, type IdempotencyScope } from 'nestjs-redis-lock';
import { FRAMEWORKS, HttpStage, newKey } from './support/http-stage.js';

interface Headers {
  readonly headers: Readonly<Record<string, string | undefined>>;
}

const headersOf = (context: ExecutionContext): Headers['headers'] => context.switchToHttp().getRequest<Headers>().headers;

@Controller()
class Scoped {
  starts = 0;

  @Post('user')
  @Idempotent({ scope: (context) => `user:${String(headersOf(context)['x-user'])}` })
  user(): object {
    return { start: ++this.starts };
  }

  @Post('tenant')
  @Idempotent({ scope: (context) => JSON.stringify([headersOf(context)['x-tenant'], headersOf(context)['x-user']]) })
  tenant(): object {
    return { start: ++this.starts };
  }

  @Post('module')
  @Idempotent()
  ofModule(): object {
    return { start: ++this.starts };
  }

  @Post('given')
  // What a user's function may return whatever its type says.
  @Idempotent({
    scope: (context) => ({ undefined, null: null, empty: '', number: 7, global: 'global' })[String(headersOf(context)['x-user'])] as string,
  })
  given(): object {
    return { start: ++this.starts };
  }

  @Post('throws')
  @Idempotent({
    scope: () => {
      throw new Error('no user');
    },
  })
  throws(): object {
    return { start: ++this.starts };
  }
}

describe.each(FRAMEWORKS)('Whose replies are whose (%s)', (framework) => {
  let stage: HttpStage;
  let scoped: Scoped;
  beforeAll(async () => {
    const scope: IdempotencyScope = (context) => `module:${String(headersOf(context)['x-user'])}`;
    stage = await HttpStage.open({ framework, controllers: [Scoped], idempotency: { scope } });
    scoped = stage.get(Scoped);
  });
  afterAll(() => stage.close());
  beforeEach(() => (scoped.starts = 0));

  it.each(['/user', '/module'])('two users with the same key have a reply each: %s', async (path) => {
    const key = newKey();
    const replies: unknown[] = [];
    for (const user of ['ann', 'bob', 'ann', 'bob']) {
      const response = await stage.send(path, { key, headers: { 'X-User': user } });
      replies.push([await response.json(), response.headers.has('idempotent-replayed')]);
    }
    expect(replies).toEqual([
      [{ start: 1 }, false],
      [{ start: 2 }, false],
      [{ start: 1 }, true],
      [{ start: 2 }, true],
    ]);
  });

  it('one user’s mismatch is nothing to another', async () => {
    const key = newKey();
    await stage.send('/user', { key, headers: { 'X-User': 'ann' }, body: { a: 1 } });
    expect((await stage.send('/user', { key, headers: { 'X-User': 'bob' }, body: { a: 2 } })).status).toBe(201);
    expect((await stage.send('/user', { key, headers: { 'X-User': 'ann' }, body: { a: 2 } })).status).toBe(422);
  });

  it('two tenants with the same key and user have a reply each', async () => {
    const key = newKey();
    for (const tenant of ['x', 'y', 'x', 'y']) await stage.send('/tenant', { key, headers: { 'X-Tenant': tenant, 'X-User': '1' } });
    expect(scoped.starts).toBe(2);
  });

  it.each(['undefined', 'null', 'empty', 'number', 'global'])(
    'a scope function that returns %s is 500, and nothing starts',
    async (user) => {
      const response = await stage.send('/given', { key: newKey(), headers: { 'X-User': user } });
      expect(response.status).toBe(500);
      expect(scoped.starts).toBe(0);
    },
  );

  it('a scope function that throws is 500, and nothing starts', async () => {
    expect((await stage.send('/throws', { key: newKey() })).status).toBe(500);
    expect(scoped.starts).toBe(0);
  });

  describe('does not start', () => {
    @Controller()
    class Unscoped {
      @Post()
      @Idempotent()
      unscoped(): object {
        return {};
      }
    }
    @Controller()
    class UnscopedGuard {
      @Post()
      @PreventDuplicate({ key: '{ip}' })
      unscoped(): object {
        return {};
      }
    }
    it.each<[string, Type]>([
      ['@Idempotent()', Unscoped],
      ['@PreventDuplicate()', UnscopedGuard],
    ])('without a scope: %s', async (decorator, controller) => {
      const opening = HttpStage.open({ framework, controllers: [controller] });
      await expect(opening).rejects.toBeInstanceOf(LockOptionsError);
      await expect(opening).rejects.toThrow(`${decorator.replace('()', '')} on ${controller.name}.unscoped: scope:`);
    });
  });
});
