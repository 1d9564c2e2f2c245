import { LockStoreError } from '../../errors/lock-store.error.js';
import { RENEW, SHARE_RENEW } from '../../lua/scripts.generated.js';
import type { Clock } from '../../runtime/clock.js';
import type { RedisLink } from './redis-link.js';
import { eachDone } from './script-replies.js';

/** What a confirming connection is made of. */
export interface ConfirmingConnectionParts {
  readonly link: RedisLink;
  readonly clock: Clock;
  readonly commandTimeout: number;
  /** It is of no more use. */
  readonly onEnd: () => void;
}

/** A caller whose lease was confirmed here and is on its way to the replicas. */
interface Caller {
  readonly min: number;
  readonly until: number;
  readonly resolve: (acknowledged: number) => void;
  readonly reject: (error: unknown) => void;
}

/** WAIT holds up its connection, so it is asked for in slices: whoever confirms next is behind one slice and not behind all before him. */
const LONGEST_SLICE_MS = 50;
const SLICES = 10;

/**
 * One connection on which leases are confirmed and WAIT is asked for: it speaks of the writes of its own connection, so this one is
 * given up when it closes and never made again. One WAIT serves all whose lease was confirmed before it.
 */
export class ConfirmingConnection {
  private readonly connected: Promise<void>;
  private readonly callers = new Set<Caller>();
  private asking = false;

  constructor(private readonly parts: ConfirmingConnectionParts) {
    this.connected = this.connect();
  }

  /** The number of replicas that have the lease after at most `timeoutMs`; 0 where the lock is not the token's. @throws LockStoreError */
  async confirm(
    [lock, ...companionOfShare]: readonly [string, ...string[]],
    token: string,
    leaseMs: number,
    min: number,
    timeoutMs: number,
  ): Promise<number> {
    await this.connected;
    // A millisecond more than was granted, since renew.lua writes nothing where nothing is prolonged, and WAIT would speak of nothing.
    const [confirmed] = await this.parts.link.run(
      companionOfShare.length === 0 ? RENEW : SHARE_RENEW,
      1 + companionOfShare.length,
      [lock, ...companionOfShare, token, leaseMs + 1],
      eachDone,
    );
    if (confirmed !== true) return 0;
    return new Promise((resolve, reject) => {
      this.callers.add({ min, until: this.now() + timeoutMs, resolve, reject });
      if (!this.asking) void this.askReplicas();
    });
  }

  close(error: unknown = new LockStoreError(`${this.parts.link.description}: the connection was closed.`)): void {
    this.parts.link.close();
    for (const { reject } of this.callers) reject(error);
    this.callers.clear();
    this.parts.onEnd();
  }

  private async connect(): Promise<void> {
    const { link, commandTimeout } = this.parts;
    try {
      await link.connect(commandTimeout);
    } catch (error) {
      this.close(error);
      throw error;
    }
    link.client.once('close', () => this.close());
  }

  /** Never rejects: what fails is the callers' to know. */
  private async askReplicas(): Promise<void> {
    const { link, commandTimeout } = this.parts;
    const longest = Math.min(LONGEST_SLICE_MS, commandTimeout / SLICES);
    this.asking = true;
    try {
      while (this.callers.size > 0) {
        const asked = [...this.callers];
        const first = Math.min(...asked.map(({ until }) => until));
        const slice = Math.max(1, Math.ceil(Math.min(first - this.now(), longest)));
        const acknowledged = await link.use('wait', (client) => client.wait(Math.min(...asked.map(({ min }) => min)), slice));
        const now = this.now();
        for (const caller of asked) {
          if (acknowledged < caller.min && now < caller.until) continue;
          this.callers.delete(caller);
          caller.resolve(acknowledged);
        }
      }
    } catch (error) {
      this.close(error);
    }
    this.asking = false;
  }

  private now(): number {
    return this.parts.clock.now().monotonic;
  }
}
