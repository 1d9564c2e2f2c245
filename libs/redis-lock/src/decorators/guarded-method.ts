import { isObservable } from 'rxjs';
import { LockBusyError } from '../errors/lock-busy.error.js';
import { LockOptionsError } from '../errors/lock-options.error.js';
import type { LockService } from '../lock/lock.service.js';
import { placeOf, type DecoratedMethod } from './decorated-method.js';
import type { KeyOfCall } from './lock-key-source.js';
import { injectedLockService } from './lock-service-property.js';
import type { CheckedOptions } from './locked-options.js';

/** Runs a section under what a decorator holds around its method. */
export type EnterLock<K, L> = (locks: LockService, key: K, options: L, section: () => Promise<unknown>) => Promise<unknown>;

/** What a decorator has found out about its method at start-up. */
export interface GuardedMethodParts<K, L> {
  readonly decorated: DecoratedMethod;
  readonly options: CheckedOptions<L>;
  readonly keyOf: KeyOfCall<K>;
  /** Under which Nest injects the LockService. */
  readonly property: symbol;
  readonly enter: EnterLock<K, L>;
}

/** A method that runs only while its lock is held. */
export class GuardedMethod<K, L> {
  constructor(private readonly parts: GuardedMethodParts<K, L>) {}

  /** `async`, so that nothing is ever thrown at a caller who waits for a promise. */
  async call(self: unknown, args: unknown[]): Promise<unknown> {
    const { options, keyOf, enter } = this.parts;
    const locks = this.lockServiceOf(self);
    const key = keyOf(self, args);
    // From there on a LockBusyError is the method's own business.
    const section: { entered: boolean } = { entered: false };
    try {
      return await enter(locks, key, options.lock, () => {
        section.entered = true;
        return this.run(self, args);
      });
    } catch (error) {
      if (section.entered || !(error instanceof LockBusyError)) throw error;
      return this.answerBusy(this.worded(error), self, args);
    }
  }

  private async run(self: unknown, args: unknown[]): Promise<unknown> {
    // The types of its parameters were checked where it was called.
    const result: unknown = await Reflect.apply(this.parts.decorated.method as (...given: unknown[]) => unknown, self, args);
    if (isObservable(result)) {
      throw new LockOptionsError(
        `${placeOf(this.parts.decorated)}: it returned an Observable, which would do its work after the lock was released, and was not subscribed to. Return a promise, for instance by firstValueFrom().`,
      );
    }
    return result;
  }

  private answerBusy(error: LockBusyError, self: unknown, args: unknown[]): unknown {
    const { onBusy } = this.parts.options;
    if (onBusy === 'throw') throw error;
    return onBusy === 'skip' ? undefined : Reflect.apply(onBusy, self, [error, ...args]);
  }

  private worded(error: LockBusyError): LockBusyError {
    const { message } = this.parts.options;
    if (message === undefined) return error;
    const { key = '', waitedMs, retryAfterMs, cause } = error;
    return new LockBusyError(key, { waitedMs, retryAfterMs, publicMessage: message, cause });
  }

  private lockServiceOf(self: unknown): LockService {
    const locks = injectedLockService(self, this.parts.property);
    if (locks !== undefined) return locks;
    const { decorated } = this.parts;
    const why =
      typeof self === 'object' && self !== null
        ? `this instance of ${decorated.className} has no LockService: Nest injects it after the constructor, and only into instances it makes itself. ` +
          `List ${decorated.className} as a provider by its class instead of useFactory, useValue or new; or inject LockService and call locks.withLock().`
        : `it was called without its instance. Call it on the object, or pass on a function that does: () => service.${String(decorated.key)}().`;
    throw new LockOptionsError(`${placeOf(decorated)}: ${why}`);
  }
}
