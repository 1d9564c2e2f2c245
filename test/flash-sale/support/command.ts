import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { fileURLToPath } from 'node:url';
import { until } from '../../faults/support/until.js';
import { processes } from './processes.js';
import { shopEnv } from './shop.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const END_MS = 30_000;

/** A command of the repository, as somebody types it in a terminal: a process group of its own, which Ctrl-C reaches as a whole. */
export class Command {
  output = '';
  stdout = '';
  private readonly child: ChildProcess;

  /** @param env put on top of an environment without anything that concerns the application */
  constructor(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.child = spawn(program, args, { cwd: ROOT, env: withoutNpm(shopEnv(env)), detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout?.on('data', (chunk: Buffer) => {
      this.stdout += chunk.toString();
      this.output += chunk.toString();
    });
    this.child.stderr?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('The command did not start.');
    return this.child.pid;
  }

  /** Waits for a text in the output. @returns what its groups matched */
  async says(text: RegExp, limitMs = 120_000): Promise<string[]> {
    try {
      await until(`${String(text)} in the output`, limitMs, () => text.test(this.output) || this.hasEnded());
    } catch (error) {
      throw new Error(this.output, { cause: error });
    }
    const found = text.exec(this.output);
    if (found === null) throw new Error(`It ended before it said ${String(text)}:\n${this.output}`);
    return found.slice(1);
  }

  /** Resolves with the exit code, or the signal it died of. */
  async ended(limitMs = END_MS): Promise<number | string | null> {
    if (!this.hasEnded()) await once(this.child, 'close', { signal: AbortSignal.timeout(limitMs) });
    return this.child.exitCode ?? this.child.signalCode;
  }

  /** What it has started itself; under npm a shell. */
  get childPid(): number {
    const child = processes().find(({ parent }) => parent === this.pid);
    if (child === undefined) throw new Error('It has started nothing.');
    return child.pid;
  }

  /** As Ctrl-C in a terminal. */
  interrupt(): void {
    process.kill(-this.pid, 'SIGINT');
  }

  /** Resolves when no process of it is left. @throws when one outlives it */
  async isGone(): Promise<void> {
    await until('all of its processes have ended', END_MS, () => !this.isAnyLeft());
  }

  async stop(): Promise<void> {
    if (this.isAnyLeft()) process.kill(-this.pid, 'SIGKILL');
    if (!this.hasEnded()) await this.ended();
  }

  private hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  private isAnyLeft(): boolean {
    return processes().some(({ group, isZombie }) => group === this.pid && !isZombie);
  }
}

/** Whether anybody listens on a port of this machine. */
export async function isOpen(port: number): Promise<boolean> {
  const socket = createConnection(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Under `npm test` npm's own settings are in the environment and would be taken for those of the command. */
function withoutNpm(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('npm_')));
}
