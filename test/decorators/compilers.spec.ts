import * as nest from '@nestjs/common';
import { transformSync, type JscTarget } from '@swc/core';
import * as library from 'nestjs-redis-lock';
import { compileFunction } from 'node:vm';
import * as rxjs from 'rxjs';
import ts from 'typescript';
import { ownedByEachTest } from '../faults/support/owned.js';
import { TestApp } from './support/test-app.js';

const owned = ownedByEachTest();

interface Compiled {
  Service: new () => {
    plain(id: string): Promise<unknown>;
    named(order: { id: string }, n?: number): Promise<unknown>;
    position(a: string, b?: string): Promise<unknown>;
  };
  observable(): unknown;
  unknownName(): unknown;
}

const SOURCE = `
import { Locked, LockKey, LockService } from 'nestjs-redis-lock';
import { Inject } from '@nestjs/common';
import { Observable, of } from 'rxjs';

export class Service {
  @Inject(LockService) locks;

  @Locked('plain:{id}')
  async plain(id: string): Promise<unknown> {
    return [id, this.locks.current().key];
  }

  @Locked('named:{order.id}')
  async named(@LockKey('order') { id }: { id: string }, n: number = 5): Promise<unknown> {
    return [id, n, this.locks.current().key];
  }

  @Locked('position:{0}:{1}')
  async position(a: string, b: string = 'x'): Promise<unknown> {
    return [a, b, this.locks.current().key];
  }
}

export function observable() {
  class Streams {
    @Locked('a')
    run(): Observable<number> {
      return of(1);
    }
  }
  return Streams;
}

export function unknownName() {
  class Wrong {
    @Locked('a:{nobody}')
    async run(id: string): Promise<string> {
      return id;
    }
  }
  return Wrong;
}
`;

function byTypeScript(target: ts.ScriptTarget): string {
  const compilerOptions = { target, module: ts.ModuleKind.CommonJS, experimentalDecorators: true, emitDecoratorMetadata: true };
  return ts.transpileModule(SOURCE, { compilerOptions }).outputText;
}

function bySwc(target: JscTarget): string {
  return transformSync(SOURCE, {
    configFile: false,
    swcrc: false,
    jsc: {
      target,
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
      keepClassNames: true,
    },
    module: { type: 'commonjs' },
  }).code;
}

function load(code: string): Compiled {
  const modules: Record<string, unknown> = { 'nestjs-redis-lock': library, '@nestjs/common': nest, rxjs };
  const exports = {};
  // Jest's own Reflect is the one that reflect-metadata has extended; a function.
  const run = compileFunction(code, ['require', 'exports', 'Reflect']) as (...globals: unknown[]) => void;
  run((name: string) => modules[name], exports, Reflect);
  return exports as Compiled; // what SOURCE exports
}

describe.each<[string, () => string]>([
  ['TypeScript, ES2022', () => byTypeScript(ts.ScriptTarget.ES2022)],
  ['TypeScript, ES2017', () => byTypeScript(ts.ScriptTarget.ES2017)],
  ['TypeScript, ES2015', () => byTypeScript(ts.ScriptTarget.ES2015)],
  ['swc, ES2022', () => bySwc('es2022')],
  ['swc, ES2017', () => bySwc('es2017')],
  ['swc, ES2015', () => bySwc('es2015')],
  ['swc, ES5', () => bySwc('es5')],
])('compiled by %s', (_compiler, compile) => {
  let code: Compiled;

  beforeAll(() => {
    code = load(compile());
  });

  it('names, @LockKey and positions are found', async () => {
    const app = owned.add(await TestApp.start({ providers: [code.Service] }));
    const service = app.get(code.Service);
    expect(await service.plain('1')).toEqual(['1', 'plain:1']);
    expect(await service.named({ id: '1' })).toEqual(['1', 5, 'named:1']);
    expect(await service.position('1', '2')).toEqual(['1', '2', 'position:1:2']);
  });

  it('an Observable and an unknown name are refused', () => {
    expect(() => code.observable()).toThrow(/an Observable does its work after/);
    expect(() => code.unknownName()).toThrow(/no parameter is called 'nobody'.*There are: id\./);
  });
});
