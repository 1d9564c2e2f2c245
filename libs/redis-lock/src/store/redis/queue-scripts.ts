import { CANCEL, CONFIRM, HEARTBEAT, RELEASE } from '../../lua/scripts.generated.js';
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
import type { KeySpace } from './key-space.js';
import type { RedisLink } from './redis-link.js';
import { isDone, readPlace } from './script-replies.js';
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
const NOT_RELEASED: ReleaseReply = { released: false, next: undefined };
const RELEASED: ReleaseReply = { released: true, next: undefined };

/** Standing in line, leaving it, and handing the lock over, as the Lua scripts do it. */
export class QueueScripts {
  /** Terms that say "now", by mark and grace: written anew for each command they would cost more than the rest of it. */
  private readonly ready = new Map<number, string>();

  constructor(private readonly parts: QueueScriptParts) {}

  /** As queue.lua reads them. */
  terms({ graceMs, since }: Standing): string {
    const hears = this.parts.hearsEverything();
    if (since !== undefined) return this.write(hears, graceMs, since);
    const id = hears ? graceMs : -graceMs;
    let text = this.ready.get(id);
    if (text === undefined) this.ready.set(id, (text = this.write(hears, graceMs, 0)));
    return text;
  }

  release({ key, token, keepMs, next }: ReleaseCommand): Promise<ReleaseReply> {
    const { link, names } = this.parts;
    const lock = names.lock(key);
    const args = [lock, names.companion(lock), names.fence(lock), token, Math.ceil(keepMs), names.channelPrefix];
    if (next === undefined) return link.run(RELEASE, 3, args, (reply) => (isDone(reply) ? RELEASED : NOT_RELEASED));
    return link.run(RELEASE, 3, [...args, next.token, next.leaseMs, ...this.placeArgs(lock, next, undefined)], (reply) => {
      if (!Array.isArray(reply)) return isDone(reply) ? RELEASED : NOT_RELEASED;
      this.observe(lock, reply, next);
      return { released: true, next: readPlace(reply) };
    });
  }

  cancel(key: string, token: string, tombstoneMs: number): Promise<boolean> {
    const { link, names } = this.parts;
    return link.run(CANCEL, 3, [...names.keysOf(names.lock(key)), token, tombstoneMs, names.channelPrefix], isDone);
  }

  heartbeat(command: HeartbeatCommand): Promise<HeartbeatReply> {
    const { link, names } = this.parts;
    const lock = names.lock(command.key);
    const args = [...names.keysOf(lock), command.current, command.token, command.leaseMs, ...this.placeArgs(lock, command, command.since)];
    return link.run(HEARTBEAT, 3, args, (reply) => {
      // The shape is heartbeat.lua's.
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

  private placeArgs(lock: string, { graceMs, sent }: QueueCommand, since: number | undefined): [deadline: string, terms: string] {
    const { clocks, commandTimeout } = this.parts;
    return [clocks.of(lock).deadline(sent.monotonic, commandTimeout), this.terms({ graceMs, since })];
  }

  private observe(lock: string, reply: readonly unknown[], { sent }: QueueCommand): void {
    const { clocks, clock } = this.parts;
    clocks.of(lock).observe(Number(reply[1]), sent.monotonic, clock.now().monotonic);
  }

  private write(hears: boolean, graceMs: number, since: number): string {
    const { commandTimeout, names } = this.parts;
    return `${hears ? 's' : 'u'} ${String(LIVE_MS + commandTimeout)} ${String(graceMs)} ${String(since)} ${names.channelPrefix}`;
  }
}
