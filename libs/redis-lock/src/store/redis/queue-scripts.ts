import { CANCEL, CONFIRM, HEARTBEAT, RELEASE, SHARE_CANCEL, SHARE_HEARTBEAT, SHARE_RELEASE } from '../../lua/scripts.generated.js';
import type { Clock } from '../../runtime/clock.js';
import type {
  ConfirmCommand,
  ConfirmReply,
  HeartbeatCommand,
  HeartbeatReply,
  QueueCommand,
  ReleaseCommand,
  ReleaseReply,
  Standing,
} from '../lock-store.interface.js';
import type { Sharing } from '../sharing.js';
import type { KeySpace } from './key-space.js';
import type { RedisLink } from './redis-link.js';
import { isDone, readPlace, readReleased } from './script-replies.js';
import type { ServerClocks } from './server-clocks.js';

/** What the scripts around the queue are run with. */
export interface QueueScriptParts {
  readonly link: RedisLink;
  readonly names: KeySpace;
  readonly clocks: ServerClocks;
  readonly clock: Clock;
  readonly commandTimeout: number;
  /** Whether a message to this process that reaches nobody means that it is gone. */
  readonly hearsEverything: () => boolean;
}

/** A process in line counts as alive for this long and commandTimeout after it was heard of. */
const LIVE_MS = 1_000;
const OWN = 5;

/** Standing in line, leaving it, and handing the lock over, as the Lua scripts do it: for a lock as a whole, and for shares of it. */
export class QueueScripts {
  /** Terms that say "now", by mark and grace: written anew for each command they would cost more than the rest of it. */
  private readonly ready = new Map<number, string>();

  constructor(private readonly parts: QueueScriptParts) {}

  /** As enqueue.lua reads them. */
  terms({ graceMs, since, count }: Standing, sharing?: Sharing): string {
    const hears = this.parts.hearsEverything();
    if (since !== undefined || sharing !== undefined) return this.write(hears, graceMs, since ?? 0, whatFor(sharing, count));
    const id = hears ? graceMs : -graceMs;
    let text = this.ready.get(id);
    if (text === undefined) this.ready.set(id, (text = this.write(hears, graceMs, 0, '-')));
    return text;
  }

  release({ key, token, keepMs, next, sharing }: ReleaseCommand): Promise<ReleaseReply> {
    const { link, names } = this.parts;
    const lock = names.lock(key);
    const args = [lock, names.companion(lock), names.fence(lock), token, Math.ceil(keepMs), names.channelPrefix];
    const script = sharing === undefined ? RELEASE : SHARE_RELEASE;
    if (next === undefined) return link.run(script, 3, args, readReleased);
    return link.run(script, 3, [...args, next.token, next.leaseMs, ...this.placeArgs(lock, next, undefined, sharing)], (reply) => {
      if (Array.isArray(reply)) this.observe(lock, reply, next);
      return readReleased(reply);
    });
  }

  cancel(key: string, token: string, tombstoneMs: number, sharing?: Sharing): Promise<boolean> {
    const { link, names } = this.parts;
    const args = [...names.keysOf(names.lock(key)), token, tombstoneMs, names.channelPrefix];
    if (sharing === undefined) return link.run(CANCEL, 3, args, isDone);
    return link.run(SHARE_CANCEL, 3, [...args, sharing.kind === 'read' ? 'r' : ''], isDone);
  }

  heartbeat(command: HeartbeatCommand): Promise<HeartbeatReply> {
    const { link, names } = this.parts;
    const { key, current, token, leaseMs, since, sharing } = command;
    const lock = names.lock(key);
    const args = [...names.keysOf(lock), current, token, leaseMs, ...this.placeArgs(lock, command, since, sharing)];
    return link.run(sharing === undefined ? HEARTBEAT : SHARE_HEARTBEAT, 3, args, (reply) => {
      // The shape is the script's.
      const answer = reply as [number, number, string];
      this.observe(lock, answer, command);
      const [status, , owner] = answer;
      return status === OWN ? { status: 'own', token: owner } : (readPlace(answer) ?? { status: 'void' });
    });
  }

  confirm({ key, token, leaseMs, reserve }: ConfirmCommand): Promise<ConfirmReply> {
    const { link, names } = this.parts;
    return link.run(CONFIRM, 3, [...names.keysOf(names.lock(key)), token, leaseMs, reserve], (reply) => {
      // The shape is confirm.lua's.
      const [held, fence, others] = reply as [number, number, number];
      return held === 1 ? { fence, others: others === 1 } : undefined;
    });
  }

  /** The last arguments of whatever puts a token in line. */
  private placeArgs(
    lock: string,
    { graceMs, count, sent }: QueueCommand,
    since: number | undefined,
    sharing?: Sharing,
  ): [deadline: string, terms: string] {
    const { clocks, commandTimeout } = this.parts;
    const standing = count === undefined ? { graceMs, since } : { graceMs, since, count };
    return [clocks.of(lock).deadline(sent.monotonic, commandTimeout), this.terms(standing, sharing)];
  }

  /** The reply to it brought the server's time. */
  private observe(lock: string, reply: readonly unknown[], { sent }: QueueCommand): void {
    const { clocks, clock } = this.parts;
    clocks.of(lock).observe(Number(reply[1]), sent.monotonic, clock.now().monotonic);
  }

  private write(hears: boolean, graceMs: number, since: number, what: string): string {
    const { commandTimeout, names } = this.parts;
    return `${hears ? 's' : 'u'} ${String(LIVE_MS + commandTimeout)} ${String(graceMs)} ${String(since)} ${what} ${names.channelPrefix}`;
  }
}

/** The lock as a whole, reading for so many, or a permit. */
function whatFor(sharing: Sharing | undefined, count = 1): string {
  if (sharing === undefined) return '-';
  return sharing.kind === 'read' ? `r${String(count)}` : `p${String(sharing.limit)}`;
}
