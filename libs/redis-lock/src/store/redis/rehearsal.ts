import type { Clock } from '../../runtime/clock.js';
import type { LockStore } from '../lock-store.interface.js';
import { explainMissingRights } from './missing-rights.js';

/** What the rehearsal needs. */
export interface RehearsalParts {
  readonly store: LockStore;
  readonly process: string;
  readonly commandTimeout: number;
  readonly clock: Clock;
  /** Sends this process a message that means nothing. */
  readonly publish: () => Promise<unknown>;
  /** Reads the key as it is. */
  readonly read: (key: string) => Promise<unknown>;
  /** Takes away what is left of the key. */
  readonly sweep: (key: string) => Promise<unknown>;
}

/**
 * Everything that a lock does in its life, once, under a name nobody uses: shows at start what an ACL forbids, and not when a lease cannot
 * be renewed, and brings the server's clock. What an operator asks for (inspect, list, forceRelease) and `replicas` show it when they are used.
 * @throws LockStoreError
 */
export function rehearse(parts: RehearsalParts): Promise<void> {
  return explainMissingRights(() => playLockLife(parts));
}

async function playLockLife({ store, process: name, commandTimeout, clock, publish, read, sweep }: RehearsalParts): Promise<void> {
  const key = `~1:rehearsal:${name}`;
  const [token, cancelled, rival, next] = ['owner', 'cancelled', 'rival', 'next'].map((role) => `${name}.rehearsal-${role}`) as [
    string,
    string,
    string,
    string,
  ]; // four in, four out
  const leaseMs = 2 * commandTimeout;
  const standing = { graceMs: commandTimeout, since: undefined };
  const attempt = (by: string, waits: boolean): Promise<unknown> =>
    store.grant({ key, token: by, leaseMs, reserve: 1, queue: waits ? standing : undefined, sent: clock.now() });

  await attempt(token, false);
  // The scripts take whatever they cannot read for somebody else's.
  await read(key);
  // From here on the key has a companion, and every script takes its longest way.
  await store.cancel(key, cancelled);
  await attempt(cancelled, false);
  await attempt(rival, true);
  const [renewed] = await store.renew([{ key, token, leaseMs: leaseMs + commandTimeout }]);
  if (renewed?.status === 'rejected') throw renewed.reason;
  await store.extend({ key, token, leaseMs });
  await store.confirm({ key, token, leaseMs, reserve: 1 });
  await store.heartbeat({ key, current: rival, token: next, leaseMs, ...standing, sent: clock.now() });
  await store.release({ key, token, keepMs: 0, next: { token: next, leaseMs, graceMs: commandTimeout, sent: clock.now() } });
  await store.leave(key, next);
  await store.cancel(key, rival);
  await publish();
  await store.describe({ host: '', pid: process.pid, held: new Map([[key, undefined]]), waiting: new Map() });
  await sweep(key);
}
