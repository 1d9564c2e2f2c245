import { AsyncLocalStorage } from 'node:async_hooks';
import { isObservable, lastValueFrom } from 'rxjs';
import { AttemptLostError } from './attempt-lost.error.js';
import { detachFromClient } from './reply/detached-body.js';

/** How far the handler of one request has come. */
type Stage = 'waiting' | 'running' | 'succeeded' | 'failed' | 'called off';

const current = new AsyncLocalStorage<HandlerRun>();

/**
 * The one run of the handler that a request is allowed. Pipes run after interceptors, so the decorated method itself tells that it has started:
 * what was refused before that has not used up its key.
 */
export class HandlerRun {
  private stage: Stage = 'waiting';
  private onEnd: ((succeeded: boolean) => void) | undefined;

  /** @param maxBody of what the handler returns as a stream, that much is read ahead; without it, what it returns passes as it is */
  constructor(private readonly maxBody?: number) {}

  get hasStarted(): boolean {
    return this.stage !== 'waiting' && this.stage !== 'called off';
  }

  get hasEnded(): boolean {
    return this.stage === 'succeeded' || this.stage === 'failed';
  }

  get hasSucceeded(): boolean {
    return this.stage === 'succeeded';
  }

  /** What is called in there, and what follows from it, belongs to this run. */
  around<T>(work: () => T): T {
    return current.run(this, work);
  }

  /** The request was answered without its handler; it must not start any more. */
  callOff(): void {
    if (this.stage === 'waiting') this.stage = 'called off';
  }

  /** Calls back when the handler, which runs now, has ended. */
  whenEnded(callback: (succeeded: boolean) => void): void {
    this.onEnd = callback;
  }

  private enter(call: () => unknown): unknown {
    if (this.stage === 'called off') throw new AttemptLostError('answered');
    // A handler that calls itself, or others of its class, is one run.
    if (this.stage !== 'waiting') return call();
    this.stage = 'running';
    return this.maxBody === undefined ? call() : this.follow(call, this.maxBody);
  }

  /** A promise even for an Observable: Nest cancels those when the client goes, and what they do must not depend on the client. */
  private async follow(call: () => unknown, maxBody: number): Promise<unknown> {
    try {
      const returned = await call();
      const result: unknown = isObservable(returned) ? await lastValueFrom(returned) : returned;
      const body = await detachFromClient(result, maxBody);
      this.end('succeeded');
      return body;
    } catch (error) {
      this.end('failed');
      throw error;
    }
  }

  private end(stage: 'succeeded' | 'failed'): void {
    this.stage = stage;
    this.onEnd?.(stage === 'succeeded');
  }

  /** Calls a decorated method: as part of the request's run, where there is one. */
  static enter(call: () => unknown): unknown {
    const run = current.getStore();
    return run === undefined ? call() : run.enter(call);
  }
}
