import { SHARE_CANCEL, SHARE_GRANT, SHARE_HEARTBEAT, SHARE_RELEASE } from '../../lua/scripts.generated.js';
import type { GrantCommand, GrantReply, HeartbeatCommand, HeartbeatReply, ReleaseCommand, ReleaseReply } from '../lock-store.interface.js';
import { markerOf, sharingOf, type Sharing } from '../sharing.js';
import type { QueueScriptParts, QueueScripts } from './queue-scripts.js';
import { isDone, known, readPlace, readQueued, readReleased } from './script-replies.js';

/** What the scripts around shares are run with. */
export interface ShareScriptParts extends QueueScriptParts {
  readonly queue: QueueScripts;
}

/** Reply codes of share-grant.lua. */
const GRANTED = 0;
const BUSY = 1;
const STALE = 2;
const QUEUED = 4;
const MISMATCH = 6;

/** Locks that are shared by readers or by permits, as the Lua scripts do it. */
export class ShareScripts {
  constructor(private readonly parts: ShareScriptParts) {}

  /** One attempt. 'stale' says that it came too late by the server's clock, which is known now. */
  grant(command: GrantCommand, sharing: Sharing, sent: number): Promise<GrantReply | 'stale'> {
    const { link, names, clocks, clock, queue, commandTimeout } = this.parts;
    const lock = names.lock(command.key);
    const serverClock = clocks.of(lock);
    const args = [
      ...names.keysOf(lock),
      command.token,
      command.leaseMs,
      serverClock.deadline(sent, commandTimeout),
      command.reserve,
      command.queue === undefined ? '' : queue.terms(command.queue, sharing),
      names.channelPrefix,
      markerOf(sharing),
    ];
    return link.run(SHARE_GRANT, 3, args, (reply): GrantReply | 'stale' => {
      // The shape is share-grant.lua's.
      const answer = reply as [number, number, number, number, number];
      const [status, serverTime, detail, , shares] = answer;
      serverClock.observe(serverTime, sent, clock.now().monotonic);
      if (status === GRANTED) return { status: 'granted', fence: detail, others: false, shares };
      if (status === BUSY) return { status: 'busy', leaseLeftMs: known(detail) };
      if (status === QUEUED) return readQueued(answer);
      if (status === MISMATCH) return { status: 'mismatch', found: sharingOf(String(detail)) };
      return status === STALE ? 'stale' : { status: 'void' };
    });
  }

  release({ key, token, keepMs, next }: ReleaseCommand, sharing: Sharing): Promise<ReleaseReply> {
    const { link, names, queue } = this.parts;
    const lock = names.lock(key);
    const args = [...names.keysOf(lock), token, Math.ceil(keepMs), names.channelPrefix];
    if (next === undefined) return link.run(SHARE_RELEASE, 3, args, (reply) => readReleased(reply));
    return link.run(SHARE_RELEASE, 3, [...args, next.token, next.leaseMs, ...queue.placeArgs(lock, next, undefined, sharing)], (reply) => {
      if (Array.isArray(reply)) queue.observe(lock, reply, next);
      return readReleased(reply);
    });
  }

  heartbeat(command: HeartbeatCommand, sharing: Sharing): Promise<HeartbeatReply> {
    const { link, names, queue } = this.parts;
    const { key, current, token, leaseMs, since } = command;
    const lock = names.lock(key);
    const args = [...names.keysOf(lock), current, token, leaseMs, ...queue.placeArgs(lock, command, since, sharing)];
    return link.run(SHARE_HEARTBEAT, 3, args, (reply) => {
      // The shape is share-heartbeat.lua's.
      const answer = reply as unknown[];
      queue.observe(lock, answer, command);
      return readPlace(answer) ?? { status: 'void' };
    });
  }

  cancel(key: string, token: string, tombstoneMs: number, sharing: Sharing): Promise<boolean> {
    const { link, names } = this.parts;
    const line = sharing.kind === 'read' ? 'r' : '';
    return link.run(SHARE_CANCEL, 3, [...names.keysOf(names.lock(key)), token, tombstoneMs, names.channelPrefix, line], isDone);
  }
}
