import { Inject, Injectable, Module, Scope, type OnModuleInit } from '@nestjs/common';
import { ContextIdFactory, ModuleRef } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { getLockServiceToken, LockBusyError, Locked, LockOptionsError, LockService, RedisLockModule } from 'nestjs-redis-lock';
import { ownedByEachTest } from '../faults/support/owned.js';
import { timed } from '../faults/support/until.js';
import { moduleOf, redisLocks, TestApp, Watched } from './support/test-app.js';

const owned = ownedByEachTest();

@Injectable()
class Base extends Watched {
  @Locked('base:{id}', '10s')
  async inherited(id: string): Promise<unknown> {
    return [id, this.key()];
  }
}

describe('LockService comes', () => {
  it('into request-scoped providers', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest extends Base {}
    const app = owned.add(await TestApp.start({ providers: [PerRequest] }));
    const [one, other] = await Promise.all([0, 1].map(() => app.context.resolve(PerRequest, ContextIdFactory.create())));
    expect(one).not.toBe(other);
    expect(await one?.inherited('1')).toEqual(['1', 'base:1']);
    expect(await other?.inherited('2')).toEqual(['2', 'base:2']);
  });

  it('into transient providers, and those made by ModuleRef.create()', async () => {
    @Injectable({ scope: Scope.TRANSIENT })
    class Transient extends Base {}
    const app = owned.add(await TestApp.start({ providers: [Transient] }));
    expect(await (await app.context.resolve(Transient)).inherited('1')).toEqual(['1', 'base:1']);
    expect(await (await app.context.get(ModuleRef).create(Base)).inherited('2')).toEqual(['2', 'base:2']);
  });

  it('into classes behind another token, and before onModuleInit', async () => {
    class Early extends Base implements OnModuleInit {
      seen: unknown;

      async onModuleInit(): Promise<void> {
        this.seen = await this.inherited('early');
      }
    }
    abstract class Port {
      abstract readonly seen: unknown;
    }
    const app = owned.add(await TestApp.start({ providers: [{ provide: Port, useClass: Early }] }));
    expect(app.get(Port).seen).toEqual(['early', 'base:early']);
  });

  it('from the named connection', async () => {
    @Injectable()
    class Jobs {
      @Inject(getLockServiceToken('jobs')) readonly jobs!: LockService;
      @Inject(LockService) readonly locks!: LockService;

      @Locked('job', { connection: 'jobs' })
      async run(): Promise<unknown[]> {
        return [this.jobs.current()?.key, this.locks.current()?.key];
      }

      @Locked('job')
      async other(): Promise<unknown[]> {
        return [this.jobs.current()?.key, this.locks.current()?.key];
      }
    }
    const jobs = RedisLockModule.forRoot({ ...redisLocks(), name: 'jobs' });
    const app = owned.add(await TestApp.start({ imports: [jobs], providers: [Jobs] }));
    expect(await app.get(Jobs).run()).toEqual(['job', undefined]);
    expect(await app.get(Jobs).other()).toEqual([undefined, 'job']);
  });

  it('in tests with the memory store or with a LockService of their own', async () => {
    const memory = await Test.createTestingModule({
      imports: [RedisLockModule.forRoot({ connection: 'memory' })],
      providers: [Base],
    }).compile();
    owned.add({ stop: () => memory.close() });
    expect(await memory.get(Base).inherited('1')).toEqual(['1', 'base:1']);

    const calls: unknown[] = [];
    const fake = { withLock: (key: string, run: () => unknown) => [calls.push(key), run()][1], current: () => ({ key: 'faked' }) };
    class Plain {
      @Locked('plain:{id}')
      async run(id: string): Promise<string> {
        return id;
      }
    }
    const faked = await Test.createTestingModule({ providers: [Plain, { provide: LockService, useValue: fake }] }).compile();
    owned.add({ stop: () => faked.close() });
    expect(await faked.get(Plain).run('1')).toBe('1');
    expect(calls).toEqual(['plain:1']);
  });
});

describe('an instance without LockService', () => {
  class Made {
    ran = 0;

    @Locked('made:{id}', { onBusy: 'skip' })
    async run(id: string): Promise<string | undefined> {
      this.ran++;
      return id;
    }
  }

  it('made by useFactory rejects, and says what to do', async () => {
    const app = owned.add(await TestApp.start({ providers: [{ provide: Made, useFactory: () => new Made() }] }));
    const { error } = await timed(app.get(Made).run('1'));
    expect(error).toBeInstanceOf(LockOptionsError);
    expect((error as Error).message).toMatch(
      /^@Locked on Made\.run: .*List Made as a provider by its class instead of useFactory.*locks\.withLock/,
    );
    expect(app.get(Made).ran).toBe(0);
  });

  it('made by hand, or used before Nest has injected anything, rejects', async () => {
    await expect(new Made().run('1')).rejects.toThrow(/List Made as a provider by its class/);
    class Eager extends Made {
      readonly first = this.run('1');
    }
    const app = owned.add(await TestApp.start({ providers: [Eager] }).catch((error: unknown) => Promise.reject(error as Error)));
    await expect(app.get(Eager).first).rejects.toThrow(/after the constructor/);
    expect(await app.get(Eager).run('2')).toBe('2');
  });

  it('that was left behind by its method rejects', async () => {
    const { run } = owned.add(await TestApp.start({ providers: [Made] })).get(Made);
    const { error } = await timed(run('1'));
    expect(error).toBeInstanceOf(LockOptionsError);
    expect((error as Error).message).toMatch(/called without its instance.*\(\) => service\.run\(\)/);
  });
});

describe('a missing module fails at boot', () => {
  class Service {
    @Locked('a')
    async run(): Promise<void> {}
  }
  class Jobs {
    @Locked('a', { connection: 'jobs' })
    async run(): Promise<void> {}
  }

  it('and the error says what to import', async () => {
    const { error } = await timed(TestApp.startWithout({ providers: [Service] }));
    expect((error as Error).message).toMatch(/can't resolve dependencies of the Service\..*import RedisLockModule\.forRoot\(\)/s);
  });

  it('for a named connection too', async () => {
    const { error } = await timed(TestApp.start({ providers: [Jobs] }, { connection: 'memory' }));
    expect((error as Error).message).toMatch(
      /can't resolve dependencies of the Jobs\..*import RedisLockModule\.forRoot\(\{ name: 'jobs' \}\)/s,
    );
  });

  it('where it is not global and not imported there', async () => {
    const locks = { ...RedisLockModule.forRoot({ connection: 'memory', isGlobal: false }) };
    const feature = moduleOf({ providers: [Service] });
    const { error } = await timed(TestApp.startWithout({ imports: [locks, feature] }));
    expect((error as Error).message).toMatch(/can't resolve dependencies of the Service/);
    const importing = moduleOf({ imports: [locks], providers: [Service] });
    await owned
      .add(await TestApp.startWithout({ imports: [locks, importing] }))
      .get(Service)
      .run();
  });
});

it('works where a module of the application exports the service', async () => {
  @Injectable()
  class Inner extends Base {}
  @Module({ providers: [Inner], exports: [Inner] })
  class InnerModule {}
  @Injectable()
  class Outer {
    constructor(@Inject(Inner) private readonly inner: Inner) {}

    @Locked('outer', { wait: 0 })
    async run(): Promise<unknown> {
      return this.inner.inherited('1');
    }
  }
  const app = owned.add(await TestApp.start({ imports: [InnerModule], providers: [Outer] }));
  expect(await app.get(Outer).run()).toEqual(['1', 'base:1']);
  const lock = await app.locks.acquire('outer');
  await expect(app.get(Outer).run()).rejects.toBeInstanceOf(LockBusyError);
  await lock.release();
});
