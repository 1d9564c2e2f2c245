import { Inject, Injectable } from '@nestjs/common';
import type { RecordName, StoredRecord } from '../store/record-store.interface.js';
import { IDEMPOTENCY, type IdempotencyParts } from './idempotency.tokens.js';
import { guardName, operationName, scopeDigest, type GuardedSubmit, type Operation } from './record-naming.js';

/** Names a record: what `@Idempotent()` keeps for an operation, or what `@PreventDuplicate()` keeps for its key. */
export type IdempotencyRecord = (Omit<Operation, 'params'> & Partial<Pick<Operation, 'params'>>) | GuardedSubmit;

/** Looks into what is kept of requests, and forgets it. */
@Injectable()
export class IdempotencyService {
  constructor(@Inject(IDEMPOTENCY) private readonly parts: IdempotencyParts) {}

  /**
   * What is known of one record; never the reply itself. Undefined where there is none.
   *
   * @param record `route` is the template with the global prefix, as the router has it: `/api/orders/:id`; `scope` is what the route's scope
   * function returned, or `'global'`
   * @throws LockStoreError
   */
  async inspect(record: IdempotencyRecord): Promise<StoredRecord | undefined> {
    await this.parts.engine.open();
    return this.parts.engine.store.inspect(nameOf(record));
  }

  /**
   * Forgets one record, or everything of one scope, the replies included: when a user is deleted, for instance. What runs just then is not
   * stored. A scope's records are found by SCAN, which takes its time on a large server.
   *
   * @returns how many records there were
   * @throws LockStoreError
   */
  async purge(what: string | IdempotencyRecord): Promise<number> {
    await this.parts.engine.open();
    return this.parts.engine.store.purge(typeof what === 'string' ? { scope: scopeDigest(what) } : nameOf(what));
  }
}

function nameOf(record: IdempotencyRecord): RecordName {
  return 'method' in record ? operationName({ params: {}, ...record }) : guardName(record);
}
