import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FILE = `${ROOT}test/decorators/not-on-disk.ts`;

/** One class for each decorator and method, in one program: starting the compiler is what takes the time. */
function messagesFor(cases: readonly (readonly [decorator: string, method: string, ...unknown[]])[]): string[] {
  const classes = cases.map(([decorator, method], i) => `export class C${String(i)} {\n${decorator} ${method}\n}`);
  const starts = [2];
  for (const text of classes) starts.push((starts.at(-1) ?? 0) + text.split('\n').length);
  const source = `import { Limited, Locked, ReadLocked, WriteLocked } from 'nestjs-redis-lock'; import { Observable } from 'rxjs';\n${classes.join('\n')}\n`;
  const { config } = ts.readConfigFile(`${ROOT}tsconfig.json`, (path) => ts.sys.readFile(path)) as { config: object };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const host = ts.createCompilerHost(options);
  const fromDisk = host.getSourceFile.bind(host);
  host.getSourceFile = (name, target) => (name === FILE ? ts.createSourceFile(name, source, target) : fromDisk(name, target));
  const program = ts.createProgram([FILE], options, host);
  const messages = cases.map(() => '');
  for (const { messageText, start = 0 } of program.getSemanticDiagnostics(program.getSourceFile(FILE))) {
    const line = source.slice(0, start).split('\n').length;
    const at = starts.findLastIndex((first) => first <= line);
    messages[at] = `${messages[at] ?? ''}${ts.flattenDiagnosticMessageText(messageText, '\n')}\n`;
  }
  return messages;
}

const ANSWER = '{ onBusy: () => 1 }';
const CASES: readonly (readonly [decorator: string, method: string, message: RegExp])[] = [
  ["@Locked('a:{0}')", 'async run(id: string): Promise<void> { void id; }', /^$/],
  [
    "@Locked('a:{1}')",
    'async run(id: string): Promise<void> { void id; }',
    /"\{1\}: there is no such parameter, or nothing by this name in it"/,
  ],
  [
    "@Locked('a:{0.b}')",
    'async run(o: { a: 1 }): Promise<void> { void o; }',
    /"\{0\.b\}: there is no such parameter, or nothing by this name/,
  ],
  ["@Locked('a:{0}')", 'async run(o: { a: 1 }): Promise<void> { void o; }', /"\{0\} is no text and no number: write a path into it/],
  [
    '@Locked((n: number) => String(n))',
    'async run(s: string): Promise<void> { void s; }',
    /"the key function's parameters do not fit the method's"/,
  ],
  ["@Locked('a')", 'run(): void {}', /"the method must return a promise"/],
  ["@Locked('a')", 'run(): Observable<number> { throw new Error(); }', /"the method must return a promise"/],
  [
    "@Locked('a', { onBusy: 'skip' })",
    'async run(): Promise<number> { return 1; }',
    /"with onBusy: 'skip' the method may resolve to undefined/,
  ],
  [`@Locked('a', ${ANSWER})`, 'async run(): Promise<string> { return ""; }', /"what onBusy returns does not fit the method's result"/],
  [
    "@Locked('a', { onBusy: (_e, n: number) => n })",
    'async run(s: string): Promise<number> { return s.length; }',
    /"onBusy's parameters are the error and/,
  ],
  ["@Locked('a')", 'get run(): number { return 1; }', /"only methods can be locked"/],
  ["@Locked('a')", 'static async run(): Promise<void> {}', /"a static method cannot be locked"/],
  ["@Locked('a', { tll: 5 })", 'async run(): Promise<void> {}', /'tll' does not exist in type/],
  ["@Locked('a', '5d')", 'async run(): Promise<void> {}', /"5d"' is not assignable to parameter of type 'Duration/],
  ["@Locked(['a:{0}', 'b:{0}'])", 'async run(id: string): Promise<void> { void id; }', /^$/],
  [
    "@Locked(['a:{0}', 'b:{1}'])",
    'async run(id: string): Promise<void> { void id; }',
    /"\{1\}: there is no such parameter, or nothing by this name in it"/,
  ],
  ['@Locked([])', 'async run(): Promise<void> {}', /"an empty list names no key"/],
  [
    '@Locked((n: number) => [n])',
    'async run(n: number): Promise<void> { void n; }',
    /'number\[\]' is not assignable to type 'readonly string\[\]'/,
  ],
  [
    '@Locked((n: number) => [String(n)])',
    'async run(s: string): Promise<void> { void s; }',
    /"the key function's parameters do not fit the method's"/,
  ],
  ["@ReadLocked('a:{1}')", 'async run(): Promise<void> {}', /"\{1\}: there is no such parameter/],
  ["@WriteLocked('a')", 'run(): void {}', /"the method must return a promise"/],
  ["@ReadLocked('a', { mode: 'read' })", 'async run(): Promise<void> {}', /Type 'string' is not assignable to type 'undefined'/],
  ["@Limited('a', {})", 'async run(): Promise<void> {}', /Property 'limit' is missing in type/],
  ["@Limited('a', '10s')", 'async run(): Promise<void> {}', /not assignable to parameter of type 'LimitedOptions/],
  ["@Limited(['a'], { limit: 2 })", 'async run(): Promise<void> {}', /not assignable to parameter of type 'OneKeySource'/],
  [
    "@Limited('a', { limit: 2, onBusy: 'skip' })",
    'async run(): Promise<number> { return 1; }',
    /"with onBusy: 'skip' the method may resolve to undefined/,
  ],
];

it('the compiler says what is wrong', () => {
  const messages = messagesFor(CASES);
  for (const [i, [decorator, method, message]] of CASES.entries()) {
    expect({ decorator, method, says: messages[i] }).toEqual({ decorator, method, says: expect.stringMatching(message) as string });
  }
}, 120_000);
