import { randomBytes } from 'node:crypto';
import type { Clock } from '../../runtime/clock.js';
import type { BeginCommand, BeginReply, RecordName, RecordStore } from '../record-store.interface.js';
import { explainMissingRights } from './missing-rights.js';

/** What the rehearsal needs. */
export interface RecordRehearsalParts {
  readonly store: RecordStore;
  readonly clock: Clock;
  /** How long what it leaves behind may stay where it is cut short. */
  readonly retentionMs: number;
  /** Takes away the tombstones. */
  readonly sweep: (name: RecordName) => Promise<unknown>;
}

/**
 * Everything that happens to a record, once, under a name nobody uses: shows at start what an ACL forbids. Only the purge of a whole
 * scope shows it when it is used.
 * @throws LockStoreError
 */
export function rehearseRecords(parts: RecordRehearsalParts): Promise<void> {
  return explainMissingRights(() => playRecordLife(parts));
}

async function playRecordLife({ store, clock, retentionMs, sweep }: RecordRehearsalParts): Promise<void> {
  // No digest is as short as this scope.
  const name = { scope: 'rehearsal', operation: randomBytes(16).toString('base64url') };
  const fingerprint = Buffer.alloc(16);
  const [failing, finishing, cancelled, rival] = Array.from({ length: 4 }, () => randomBytes(16)) as [Buffer, Buffer, Buffer, Buffer]; // four made, four named
  const command = { name, fingerprint, retentionMs, leaseMs: retentionMs, takeOver: false };
  const begin = (token: Buffer): Promise<BeginReply> => store.begin({ ...command, token, sent: clock.now() } satisfies BeginCommand);

  // From here on the record has a companion, and every script takes its longest way.
  await store.cancel(name, cancelled);
  await begin(cancelled);
  await begin(failing);
  await begin(rival);
  await store.renew({ ...command, token: failing, attempt: 1 });
  await store.fail({ ...command, token: failing, attempt: 1 });
  await begin(finishing);
  await store.finish({ ...command, token: finishing, attempt: 1 }, { state: 'done', reply: Buffer.alloc(0) });
  await begin(rival);
  await store.inspect(name);
  await store.purge(name);
  await sweep(name);
}
