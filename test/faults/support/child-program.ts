import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { NOTICE, READY, type Answer } from '../children/answer.js';

const LOADER = new URL('../../../tools/typescript-loader.mjs', import.meta.url).href;
const START_MS = 60_000;

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A process of our own that runs a program from children/ on the current sources, and answers over its IPC channel. */
export class ChildProgram {
  /** What it wrote to both of its streams. */
  output = '';
  private readonly pending = new Map<number, Pending>();
  private requests = READY;
  private onNotice: (() => void) | undefined;

  private constructor(private readonly child: ChildProcess) {
    child.stdout?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    child.on('message', (answer: Answer) => this.settle(answer));
    child.on('exit', (code, signal) => this.failAll(`ended with ${String(code ?? signal)}`));
  }

  /** Starts a program and waits until it says that it is ready. */
  static async start(name: string, options: object): Promise<ChildProgram> {
    const program = fileURLToPath(new URL(`../children/${name}.ts`, import.meta.url));
    const child = fork(program, [JSON.stringify(options)], {
      execArgv: ['--import', LOADER, '--expose-gc'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const self = new ChildProgram(child);
    const started = new Promise<unknown>((resolve, reject) => self.pending.set(READY, { resolve, reject }));
    const timer = setTimeout(() => self.failAll('did not start in time'), START_MS);
    try {
      await started;
    } catch (error) {
      await self.stop();
      throw error;
    } finally {
      clearTimeout(timer);
    }
    return self;
  }

  /** Sends a request. It may be sent to a paused process, which reads it when it goes on. @throws what the child threw */
  ask<T>(command: string, ...args: unknown[]): Promise<T> {
    const id = ++this.requests;
    const answered = new Promise<unknown>((resolve, reject) => this.pending.set(id, { resolve, reject }));
    this.child.send({ id, command, args });
    // The programs in children/ answer with what their commands return; the caller names that type.
    return answered as Promise<T>;
  }

  /** Resolves when the program next says, of its own accord, that it has come to a certain point. */
  notice(): Promise<void> {
    return new Promise((resolve) => (this.onNotice = resolve));
  }

  pause(): void {
    this.child.kill('SIGSTOP');
  }

  resume(): void {
    this.child.kill('SIGCONT');
  }

  /** Lets go of the program: it is to end by itself. */
  disconnect(): void {
    this.child.disconnect();
  }

  /** As a crash. */
  async stop(): Promise<void> {
    if (this.hasEnded()) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }

  /** Resolves with the exit code when the process ends by itself. @throws when it does not in time */
  async ended(limitMs: number): Promise<number | null> {
    if (this.hasEnded()) return this.child.exitCode;
    await once(this.child, 'exit', { signal: AbortSignal.timeout(limitMs) });
    return this.child.exitCode;
  }

  private hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  private settle(answer: Answer): void {
    if (answer.id === NOTICE) this.onNotice?.();
    const pending = this.pending.get(answer.id);
    this.pending.delete(answer.id);
    if ('failure' in answer) pending?.reject(new Error(answer.failure));
    else pending?.resolve(answer.result);
  }

  private failAll(why: string): void {
    for (const { reject } of this.pending.values()) reject(new Error(`The child process ${why}:\n${this.output}`));
    this.pending.clear();
  }
}
