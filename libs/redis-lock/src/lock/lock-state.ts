/** Who holds a lock, as far as the store and the holder's process tell. */
export interface LockHolder {
  /** The holder's process (a random name per engine instance), or undefined for a foreign client's lock. */
  readonly process: string | undefined;
  readonly host: string | undefined;
  readonly pid: number | undefined;
  /** Known once the holder's process has described itself, which it does for holds longer than a second. */
  readonly fence: number | undefined;
  /** What is left of the lease, in ms; undefined for a foreign lock without a TTL. */
  readonly ttlMs: number | undefined;
  readonly label: string | undefined;
}

/** What `inspect()` and `list()` tell of one lock. Never carries a whole token: it is no means to release somebody's lock. */
export interface LockState {
  /** The key without the module's prefix. */
  readonly key: string;
  readonly locked: boolean;
  /**
   * `'exclusive'`: held alone, to write or otherwise; `'read'`: shared by readers; `'semaphore'`: permits of it are held; `'foreign'`: held by a
   * client that does not speak this protocol.
   */
  readonly kind: 'free' | 'exclusive' | 'read' | 'semaphore' | 'foreign';
  /** How many permits there are, of a semaphore; undefined otherwise. */
  readonly limit: number | undefined;
  /** One, or each reader, or each holder of a permit. */
  readonly holders: readonly LockHolder[];
  /** Processes in line, and the holder's where other callers of it wait. */
  readonly waitingProcesses: number;
  /** Callers waiting, as those processes last described themselves (this process: exactly). */
  readonly waitingCallers: number;
  /** How old the description (host, pid, fence, label, callers) is, in ms; undefined where there is none. */
  readonly labelsAgeMs: number | undefined;
  /** What an operator should know, for instance that a foreign lock has no TTL. */
  readonly note: string | undefined;
}
