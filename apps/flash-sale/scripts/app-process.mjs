// The application as a process of its own, run from its sources.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const LOADER = new URL('../../../tools/typescript-loader.mjs', import.meta.url).href;
const START_MS = 120_000;
const STOP_MS = 15_000;

/**
 * @typedef {object} AppOptions
 * @property {NodeJS.ProcessEnv} env the application's whole environment
 * @property {(line: string) => void} [onLine] gets each line of its output, instead of this process's own output
 * @property {string} [cwd] where it looks for a .env file and for relative paths; default: as here
 * @property {string} [build] a compiled main.js to run instead of the sources
 */

/** A running application. It ends with this process, and when `stop` is called. */
export class AppProcess {
  /** @type {string} */
  url = '';
  /** Settles when the process has ended, however it did. */
  exited;

  /** @param {AppOptions} options */
  constructor({ env, onLine, cwd, build }) {
    this.child = fork(build ?? MAIN, [], {
      env,
      ...(cwd !== undefined && { cwd }),
      execArgv: build === undefined ? ['--import', LOADER] : [],
      stdio: onLine === undefined ? ['ignore', 'inherit', 'inherit', 'ipc'] : ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.exited = once(this.child, 'exit').then(([code]) => /** @type {number | null} */ (code));
    if (onLine !== undefined) {
      for (const stream of [this.child.stdout, this.child.stderr]) {
        if (stream) createInterface({ input: stream }).on('line', onLine);
      }
    }
  }

  get pid() {
    return this.child.pid;
  }

  get hasEnded() {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Resolves when it accepts requests. @throws when it ends before that, or takes too long */
  async ready() {
    const [message] = await Promise.race([
      once(this.child, 'message', { signal: AbortSignal.timeout(START_MS) }).catch((cause) => {
        throw new Error(`The application was not ready within ${START_MS / 1000} s.`, { cause });
      }),
      this.exited.then((code) => {
        throw new Error(`The application ended with ${code ?? this.child.signalCode} before it was ready.`);
      }),
    ]);
    this.url = /** @type {{ url: string }} */ (message).url;
    return this;
  }

  /** Ends it in good order, or by force where that takes too long. */
  async stop() {
    if (this.hasEnded) return;
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS);
    await this.exited;
    clearTimeout(timer);
  }
}
