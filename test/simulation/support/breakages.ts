import { Attempts } from '../../../libs/redis-lock/src/lock/attempts.js';
import { Hold } from '../../../libs/redis-lock/src/lock/hold.js';
import { Lease } from '../../../libs/redis-lock/src/lock/lease.js';
import { StoreQueue } from '../../../libs/redis-lock/src/lock/waiting/store-queue.js';
import type { HandedOver } from '../../../libs/redis-lock/src/store/lock-store.interface.js';
import { MemoryCompanion } from '../../../libs/redis-lock/src/store/memory/memory-companion.js';
import { MemoryLine } from '../../../libs/redis-lock/src/store/memory/memory-line.js';
import { replace, type Breakage } from './breakage.js';
import { SHARED_BREAKAGES } from './shared-breakages.js';

/** What the histories must find, or they show nothing when they find nothing. */
export const BREAKAGES: Readonly<Record<string, Breakage>> = {
  ...SHARED_BREAKAGES,
  'no owner check at release': (server) => {
    const release = server.release.bind(server);
    server.release = (key, token, keepMs, next) => release(key, server.inspect(key).owner ?? token, keepMs, next);
    return undefined;
  },
  'a grant is accepted twice': () =>
    replace(
      StoreQueue.prototype,
      'onGranted',
      (original) =>
        function onGranted(this: StoreQueue, grant: HandedOver) {
          // Its own, and private to everybody else.
          const inside = this as unknown as {
            accepted: string;
            arrive(arrival: object, lease: string): void;
            parts: { clock: { now(): unknown } };
          };
          if (inside.accepted === grant.token) inside.arrive({ grant, sent: inside.parts.clock.now(), leaseMs: 2_000 }, 'unconfirmed');
          else original.call(this, grant);
        },
    ),
  'validity counts from the reply': () =>
    replace(
      Attempts.prototype,
      'make',
      (original) =>
        async function make(this: Attempts, ...args: Parameters<Attempts['make']>) {
          const answer = await original.apply(this, args);
          const { clock } = (this as unknown as { parts: { clock: { now(): Parameters<typeof Lease.granted>[0] } } }).parts; // private to everybody else
          if (answer instanceof Hold) Object.assign(answer, { lease: Lease.granted(clock.now(), answer.request.leaseMs) });
          return answer;
        },
    ),
  'confirmations and renewals shorten a lease': (server) => {
    const [renew, confirm] = [server.renew.bind(server), server.confirm.bind(server)];
    server.renew = (key, token, leaseMs) => renew(key, token, leaseMs) && server.extend(key, token, leaseMs) === true;
    server.confirm = (key, token, leaseMs, reserve) => {
      const reply = confirm(key, token, leaseMs, reserve);
      if (reply !== undefined) server.extend(key, token, leaseMs);
      return reply;
    };
    return undefined;
  },
  'a dead waiter is not passed over': (server) => {
    server.disconnect = () => undefined;
    return undefined;
  },
  'a cancelled attempt leaves no tombstone': () => replace(MemoryCompanion.prototype, 'isBuried', () => () => false),
  'who was passed over once is passed over for ever': () =>
    replace(
      MemoryLine.prototype,
      'setMark',
      (original) =>
        function setMark(this: MemoryLine, process, mark, until) {
          original.call(this, process, this.markOf(process) === 'passed-over' ? 'passed-over' : mark, until);
        },
    ),
};
