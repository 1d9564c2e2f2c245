// @ts-check
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const WORKER = fileURLToPath(new URL('../worker/worker.mjs', import.meta.url));
const OPEN_MS = 60_000;

/** @typedef {import('node:child_process').ChildProcess} ChildProcess */

/** The processes of one trial: opened together, started together, and ended whatever happens. */
export class Children {
  /** @type {readonly ChildProcess[]} */
  #children;

  /** @param {readonly ChildProcess[]} children */
  constructor(children) {
    this.#children = children;
  }

  /**
   * Opens them and waits until each is ready.
   * @param {number} count
   * @param {import('../bench.types.js').Assignment} assignment
   */
  static async open(count, assignment) {
    const children = Array.from({ length: count }, () =>
      fork(WORKER, {
        execArgv: [...process.execArgv, '--expose-gc'],
        serialization: 'advanced',
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      }),
    );
    const opened = new Children(children);
    try {
      await opened.#ask(assignment, 'ready', OPEN_MS);
      return opened;
    } catch (error) {
      await opened.end();
      throw error;
    }
  }

  /** @param {number} limitMs @returns {Promise<unknown[]>} what each of them found */
  async run(limitMs) {
    return await this.#ask({ go: true }, 'result', limitMs);
  }

  /** As a crash: whatever an adapter still does must not reach into the next trial. */
  async end() {
    await Promise.all(
      this.#children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const exited = once(child, 'exit');
        child.kill('SIGKILL');
        await exited;
      }),
    );
  }

  /** @param {object} message @param {string} answer @param {number} limitMs */
  async #ask(message, answer, limitMs) {
    const limit = AbortSignal.timeout(limitMs);
    return await Promise.all(
      this.#children.map(async (child) => {
        const said = nextMessage(child, limit);
        // That it has ended is heard of by its exit.
        child.send(message, () => undefined);
        return (await said)[answer];
      }),
    );
  }
}

/** @param {ChildProcess} child @param {AbortSignal} limit @returns {Promise<Record<string, unknown>>} */
function nextMessage(child, limit) {
  return new Promise((resolve, reject) => {
    let errors = '';
    const read = (/** @type {Buffer} */ chunk) => void (errors += chunk.toString());
    const fail = (/** @type {string} */ why) => settle(() => reject(new Error(`A bench process ${why}. ${errors}`.trim())));
    const onExit = () => fail('ended');
    const onLimit = () => fail('did not answer in time');
    const onMessage = (/** @type {Record<string, unknown>} */ message) => settle(() => resolve(message));
    const settle = (/** @type {() => void} */ then) => {
      child.off('exit', onExit).off('message', onMessage);
      child.stderr?.off('data', read);
      // Not paused: an adapter that logs must not block on a full pipe.
      child.stderr?.resume();
      limit.removeEventListener('abort', onLimit);
      then();
    };
    child.stderr?.on('data', read);
    child.on('exit', onExit).on('message', onMessage);
    limit.addEventListener('abort', onLimit);
  });
}
