import { Injectable } from '@nestjs/common';
import { Locked } from 'nestjs-redis-lock';
import { ownedByEachTest } from '../faults/support/owned.js';
import { TestApp, Watched } from './support/test-app.js';

const owned = ownedByEachTest();
const BY_SYMBOL = Symbol('by symbol');

@Injectable()
class Base extends Watched {
  @Locked('base:{id}', '10s')
  async inherited(id: string): Promise<unknown> {
    return [id, this.key()];
  }

  @Locked('base:{id}', '10s')
  async overridden(id: string): Promise<unknown> {
    return [id, this.key()];
  }

  @Locked('base:{id}', '10s')
  async relocked(id: string): Promise<unknown> {
    return [id, this.key()];
  }

  @Locked('symbol:{id}', '10s')
  async [BY_SYMBOL](id: string): Promise<unknown> {
    return [id, this.key()];
  }

  @Locked('self:{id}', { wait: 0 })
  async callsItself(id: string, depth: number): Promise<unknown[]> {
    return depth === 0 ? [this.key(), this.lock().fence] : [...(await this.callsItself(id, depth - 1)), this.lock().fence];
  }

  @Locked('self:{id}', { wait: 0, reentrant: false })
  async callsItselfInVain(id: string, depth = 0): Promise<unknown> {
    return depth === 0 ? this.callsItselfInVain(id, 1) : depth;
  }

  @Locked('outer:{id}', '10s')
  @Locked('stacked:{id}', '10s')
  async stacked(id: string): Promise<unknown> {
    return [id, this.key(), this.locks.current(`outer:${id}`)?.isHeld];
  }

  @Locked('private:{id}', '10s')
  private async hidden(id: string): Promise<unknown> {
    return [id, this.key()];
  }

  callsHidden(id: string): Promise<unknown> {
    return this.hidden(id);
  }

  @Locked('parallel', { wait: '5s' })
  async parallel(): Promise<unknown[]> {
    return Promise.all([this.nested('a'), this.nested('b')]);
  }

  @Locked('parallel', { wait: '5s' })
  async nested(name: string): Promise<string> {
    return name;
  }
}

@Injectable()
class Derived extends Base {
  override async overridden(id: string): Promise<unknown> {
    const around = this.locks.current()?.key;
    return [around, await super.overridden(id), 'derived'];
  }

  @Locked('derived:{id}', '10s')
  override async relocked(id: string): Promise<unknown> {
    return [this.key(), await super.relocked(id)];
  }
}

describe('a decorated method', () => {
  it('keeps its name, length and properties', () => {
    const { inherited } = Base.prototype;
    expect(inherited.name).toBe('inherited');
    expect(inherited).toHaveLength(1);
    expect(inherited).toBe(Object.getOwnPropertyDescriptor(Base.prototype, 'inherited')?.value);
  });

  it('is inherited, with its lock', async () => {
    const app = owned.add(await TestApp.start({ providers: [Base, Derived] }));
    expect(await app.get(Derived).inherited('1')).toEqual(['1', 'base:1']);
    expect(await app.get(Base).inherited('1')).toEqual(['1', 'base:1']);
  });

  it('is inherited by a class that is alone in the application', async () => {
    const app = owned.add(await TestApp.start({ providers: [Derived] }));
    expect(await app.get(Derived).inherited('1')).toEqual(['1', 'base:1']);
  });

  it('can be overridden without a lock, and called by super', async () => {
    const derived = owned.add(await TestApp.start({ providers: [Derived] })).get(Derived);
    expect(await derived.overridden('1')).toEqual([undefined, ['1', 'base:1'], 'derived']);
  });

  it('can be overridden with a lock of its own, and called by super', async () => {
    const derived = owned.add(await TestApp.start({ providers: [Derived] })).get(Derived);
    expect(await derived.relocked('1')).toEqual(['derived:1', ['1', 'base:1']]);
  });

  it('may have a symbol for a name', async () => {
    const base = owned.add(await TestApp.start({ providers: [Base] })).get(Base);
    expect(await base[BY_SYMBOL]('1')).toEqual(['1', 'symbol:1']);
  });

  it('may be private', async () => {
    const base = owned.add(await TestApp.start({ providers: [Base] })).get(Base);
    expect(await base.callsHidden('1')).toEqual(['1', 'private:1']);
  });

  it('enters its own lock again when it calls itself', async () => {
    const app = owned.add(await TestApp.start({ providers: [Base] }));
    const [key, ...fences] = await app.get(Base).callsItself('1', 3);
    expect(key).toBe('self:1');
    expect(new Set(fences).size).toBe(1);
    expect(await app.locks.isLocked('self:1')).toBe(false);
  });

  it('rejects instead of waiting for itself with reentrant: false', async () => {
    const base = owned.add(await TestApp.start({ providers: [Base] })).get(Base);
    await expect(base.callsItselfInVain('1')).rejects.toThrow(/wait for itself/);
  });

  it('takes turns where it calls its own class in parallel', async () => {
    const base = owned.add(await TestApp.start({ providers: [Base] })).get(Base);
    expect(await base.parallel()).toEqual(['a', 'b']);
  });

  it('can have two locks: the upper one is taken first, and names are found through it', async () => {
    const base = owned.add(await TestApp.start({ providers: [Base] })).get(Base);
    expect(await base.stacked('1')).toEqual(['1', 'stacked:1', true]);
  });
});
