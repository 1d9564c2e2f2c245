import { LockStoreError } from '../../errors/lock-store.error.js';
import { atMost } from '../../runtime/at-most.js';
import type { Clock, Timers } from '../../runtime/clock.js';
import type { LeaseCommand } from '../lock-store.interface.js';
import { ConfirmingConnection } from './confirming-connection.js';
import type { RedisLink } from './redis-link.js';

/** What the confirmations need. */
export interface ConfirmationParts {
  readonly link: () => RedisLink;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly commandTimeout: number;
}

/** Confirms leases to replicas, over a connection that is made when it is first needed, and anew after it was lost. */
export class Confirmations {
  private current: ConfirmingConnection | undefined;
  private closed = false;

  constructor(private readonly parts: ConfirmationParts) {}

  /**
   * Settles within `timeoutMs` and commandTimeout, however many ask at once.
   * @returns the number of replicas that have the lease
   * @throws LockStoreError
   */
  async confirm([lock, companion]: readonly [string, string], command: LeaseCommand, min: number, timeoutMs: number): Promise<number> {
    const { key, token, leaseMs, sharing } = command;
    if (this.closed) throw new LockStoreError('This process has shut down.', { key });
    const { timers, commandTimeout } = this.parts;
    const connection = (this.current ??= this.connect());
    const acknowledged = await atMost(
      timers,
      timeoutMs + commandTimeout,
      connection.confirm(sharing === undefined ? [lock] : [lock, companion], token, leaseMs, min, timeoutMs),
    );
    if (acknowledged !== undefined) return acknowledged;
    throw new LockStoreError(`Redis confirmed the lease of '${key}' too late, or not at all.`, { key });
  }

  close(): void {
    this.closed = true;
    this.current?.close();
  }

  private connect(): ConfirmingConnection {
    const connection = new ConfirmingConnection({
      ...this.parts,
      link: this.parts.link(),
      onEnd: () => {
        if (this.current === connection) this.current = undefined;
      },
    });
    return connection;
  }
}
