import { LockStoreError } from '../../errors/lock-store.error.js';
import { GRANT, SHARE_GRANT } from '../../lua/scripts.generated.js';
import { atMost } from '../../runtime/at-most.js';
import type { Clock, Instant, Timers } from '../../runtime/clock.js';
import type { GrantCommand, GrantReply } from '../lock-store.interface.js';
import { markerOf, sharingOf } from '../sharing.js';
import type { KeySpace } from './key-space.js';
import type { QueueScripts } from './queue-scripts.js';
import type { RedisLink } from './redis-link.js';
import { known, readQueued } from './script-replies.js';
import type { ServerClocks } from './server-clocks.js';

/** What grant.lua and share-grant.lua are run with. */
export interface GrantScriptParts {
  readonly link: RedisLink;
  readonly names: KeySpace;
  readonly clocks: ServerClocks;
  readonly queue: QueueScripts;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly commandTimeout: number;
}

/** Reply codes of both. */
const GRANTED = 0;
const BUSY = 1;
const STALE = 2;
const QUEUED = 4;
const MISMATCH = 6;
const VOID: GrantReply = { status: 'void' };

/** Attempts to be granted a lock, or shares of one, as the scripts make them: each with a deadline in the server's time. */
export class GrantScript {
  constructor(private readonly parts: GrantScriptParts) {}

  make(command: GrantCommand): Promise<GrantReply> {
    return this.attempt(command, command.sent, () => this.attemptAgain(command));
  }

  /** STALE is a clear answer, and it brought the server's time: the same attempt once more, in what is left of its time. */
  private async attemptAgain(command: GrantCommand): Promise<GrantReply> {
    const { clock, timers, commandTimeout, link } = this.parts;
    const now = clock.now();
    const leftMs = command.sent.monotonic + commandTimeout - now.monotonic;
    if (leftMs <= 0) return VOID;
    const reply = await atMost(
      timers,
      leftMs,
      this.attempt(command, now, () => VOID),
    );
    if (reply !== undefined) return reply;
    throw new LockStoreError(`${link.description} failed at grant: two answers took longer than commandTimeout.`);
  }

  private attempt(
    command: GrantCommand,
    { monotonic: sent }: Instant,
    whenStale: () => GrantReply | Promise<GrantReply>,
  ): Promise<GrantReply> {
    const { link, names, clocks, queue, commandTimeout } = this.parts;
    const { sharing } = command;
    const lock = names.lock(command.key);
    const clock = clocks.of(lock);
    const args = [
      lock,
      names.companion(lock),
      names.fence(lock),
      command.token,
      command.leaseMs,
      clock.deadline(sent, commandTimeout),
      command.reserve,
      command.queue === undefined ? '' : queue.terms(command.queue, sharing),
      names.channelPrefix,
    ];
    if (sharing !== undefined) args.push(markerOf(sharing));
    return link.run(sharing === undefined ? GRANT : SHARE_GRANT, 3, args, (reply) => {
      // The shape is the script's.
      const answer = reply as [number, number, number, number, number];
      const [status, serverTime, detail, flag] = answer;
      clock.observe(serverTime, sent, this.parts.clock.now().monotonic);
      if (status === GRANTED) {
        const grant = { status: 'granted', fence: detail, others: flag === 1 } as const;
        return sharing === undefined ? grant : { ...grant, shares: answer[4] };
      }
      if (status === BUSY) return { status: 'busy', leaseLeftMs: known(detail) };
      if (status === QUEUED) return readQueued(answer);
      if (status === MISMATCH) return { status: 'mismatch', found: sharingOf(String(detail)) };
      return status === STALE ? whenStale() : VOID;
    });
  }
}
