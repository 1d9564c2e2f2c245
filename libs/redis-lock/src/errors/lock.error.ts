/** The codes of all errors this package throws of its own. */
export type LockErrorCode = 'LOCK_BUSY' | 'LOCK_LOST' | 'LOCK_STORE' | 'LOCK_KEY' | 'LOCK_OPTIONS';

/** Base of every error that this package throws of its own. Tell them apart by `code` or by class. */
export abstract class LockError extends Error {
  /** Stable, machine-readable kind of the error. */
  abstract readonly code: LockErrorCode;
  /** The lock's key as the caller wrote it, without the prefix; undefined where the error concerns no single lock. */
  readonly key: string | undefined;

  protected constructor(message: string, key: string | undefined, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.key = key;
  }
}
