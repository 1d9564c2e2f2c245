/** One lock that somebody holds on a testing server. */
export interface HeldLock {
  /** The key as the caller wrote it. */
  readonly key: string;
  readonly keyPrefix: string;
  /** Undefined where the holder has ended without releasing it, or believes that it lost it. */
  readonly fence: number | undefined;
  readonly label: string | undefined;
  /** What is left of the lease, in ms. */
  readonly ttlMs: number;
}
