import type { Clock } from '../../runtime/clock.js';
import type { LockStore } from '../lock-store.interface.js';
import { READING, type Sharing } from '../sharing.js';
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
  return explainMissingRights(async () => {
    await playLockLife(parts);
    await playShares(parts);
    await parts.sweep(keyOf(parts));
  });
}

async function playLockLife({ store, process: name, commandTimeout, clock, publish, read }: RehearsalParts): Promise<void> {
  const key = keyOf({ process: name });
  const tokenOf = tokensOf(name);
  const [token, cancelled, rival, next] = [tokenOf('owner'), tokenOf('cancelled'), tokenOf('rival'), tokenOf('next')];
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
}

/** The same for readers, permits and several locks at once. */
async function playShares({ store, process: name, commandTimeout, clock }: RehearsalParts): Promise<void> {
  const key = keyOf({ process: name });
  const tokenOf = tokensOf(name);
  const [reader, writer, late, next] = [tokenOf('reader'), tokenOf('writer'), tokenOf('late'), tokenOf('later')];
  const leaseMs = 2 * commandTimeout;
  const place = { graceMs: commandTimeout, since: undefined };
  const attempt = (token: string, sharing?: Sharing): Promise<unknown> =>
    store.grant({ key, token, leaseMs, reserve: 1, sharing, queue: place, sent: clock.now() });

  await attempt(reader, READING);
  const [renewed] = await store.renew([{ key, token: reader, leaseMs: leaseMs + commandTimeout, sharing: READING }]);
  if (renewed?.status === 'rejected') throw renewed.reason;
  await store.extend({ key, token: reader, leaseMs, sharing: READING });
  await attempt(writer);
  await attempt(late, READING);
  await store.heartbeat({ key, current: late, token: next, leaseMs, ...place, sharing: READING, sent: clock.now() });
  await store.release({ key, token: reader, keepMs: 0, sharing: READING });
  await store.downgrade({ key, token: writer, leaseMs });
  await store.cancel(key, writer, READING);
  await store.leave(key, late, READING);
  const permit: Sharing = { kind: 'permit', limit: 1 };
  await attempt(tokenOf('permit'), permit);
  await store.release({ key, token: tokenOf('permit'), keepMs: 0, sharing: permit });
  await store.grantAll({ claims: [{ key, token: tokenOf('all') }], leaseMs, sent: clock.now() });
  await store.cancel(key, tokenOf('all'));
}

function keyOf({ process: name }: Pick<RehearsalParts, 'process'>): string {
  return `~1:rehearsal:${name}`;
}

function tokensOf(process: string): (role: string) => string {
  return (role) => `${process}.rehearsal-${role}`;
}
