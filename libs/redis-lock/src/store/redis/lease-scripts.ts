import { LockStoreError } from '../../errors/lock-store.error.js';
import { DOWNGRADE, EXTEND, GRANT_ALL, RENEW, SHARE_EXTEND, SHARE_RENEW } from '../../lua/scripts.generated.js';
import type { LuaScript } from '../../lua/lua-script.js';
import type { Clock } from '../../runtime/clock.js';
import type { GrantAllCommand, GrantAllReply, LeaseCommand } from '../lock-store.interface.js';
import type { KeySpace } from './key-space.js';
import type { RedisLink } from './redis-link.js';
import { eachDone } from './script-replies.js';
import type { ServerClocks } from './server-clocks.js';

/** What the scripts about leases are run with. */
export interface LeaseScriptParts {
  readonly link: RedisLink;
  readonly names: KeySpace;
  readonly clocks: ServerClocks;
  readonly clock: Clock;
  readonly commandTimeout: number;
  readonly clustered: boolean;
}

/** How many leases one script prolongs: long enough to save commands, short enough not to hold up the server. */
const RENEW_BATCH = 100;
/** Reply codes of extend.lua, share-extend.lua, downgrade.lua; and of grant-all.lua. */
const DONE = 1;
const STALE = 2;
const GRANTED = 0;

/** Prolonging leases, setting them anew, and locks that are granted several at a time. */
export class LeaseScripts {
  constructor(private readonly parts: LeaseScriptParts) {}

  /** Shares, and locks that are held alone, go by commands of their own; each answer stands where its command did. */
  async renew(commands: readonly LeaseCommand[]): Promise<readonly PromiseSettledResult<boolean>[]> {
    const shared = commands.filter(({ sharing }) => sharing !== undefined);
    if (shared.length === 0) return this.renewAll(RENEW, commands);
    const alone = commands.filter(({ sharing }) => sharing === undefined);
    const [ofAlone, ofShared] = await Promise.all([this.renewAll(RENEW, alone), this.renewAll(SHARE_RENEW, shared)]);
    const next = { alone: 0, shared: 0 };
    return commands.flatMap(({ sharing }) => (sharing === undefined ? ofAlone[next.alone++] : ofShared[next.shared++]) ?? []);
  }

  extend(command: LeaseCommand): Promise<boolean> {
    const lock = this.parts.names.lock(command.key);
    if (command.sharing === undefined)
      return this.twice('extension', command, (deadline) => this.send(EXTEND, [lock], [command.token, command.leaseMs, deadline]));
    const keys = [lock, this.parts.names.companion(lock)];
    return this.twice('extension', command, (deadline) => this.send(SHARE_EXTEND, keys, [command.token, command.leaseMs, deadline]));
  }

  downgrade(command: LeaseCommand): Promise<boolean> {
    const { names } = this.parts;
    const keys = names.keysOf(names.lock(command.key));
    return this.twice('downgrade', command, (deadline) =>
      this.send(DOWNGRADE, keys, [command.token, command.leaseMs, deadline, names.channelPrefix]),
    );
  }

  async grantAll({ claims, leaseMs, sent }: GrantAllCommand): Promise<GrantAllReply> {
    const { names, clocks, clock, commandTimeout, link } = this.parts;
    const locks = claims.map(({ key }) => names.lock(key));
    const [first, ...rest] = locks;
    if (first === undefined || !names.areTogether(locks)) return { status: 'apart' };
    const serverClock = clocks.of(first);
    const keys = [...names.keysOf(first), ...rest.flatMap((lock) => [lock, names.companion(lock)])];
    const args = [serverClock.deadline(sent.monotonic, commandTimeout), leaseMs, ...claims.map(({ token }) => token)];
    return link.run(GRANT_ALL, keys.length, [...keys, ...args], (reply): GrantAllReply => {
      // The shape is grant-all.lua's.
      const [status, serverTime, fence = 0] = reply as [number, number, number?];
      serverClock.observe(serverTime, sent.monotonic, clock.now().monotonic);
      if (status === STALE) return { status: 'void' };
      return status === GRANTED ? { status: 'granted', fences: claims.map((_, i) => fence + i) } : { status: 'busy' };
    });
  }

  /** With a deadline, as an attempt has: late, it would undo what came after it. Told that it came too late, it is sent once more. */
  private async twice(
    what: string,
    { key }: LeaseCommand,
    send: (deadline: string) => Promise<readonly [status: number, serverTime: number]>,
  ): Promise<boolean> {
    const { names, clocks, clock, commandTimeout } = this.parts;
    const serverClock = clocks.of(names.lock(key));
    for (let attempt = 1; attempt <= 2; attempt++) {
      const sent = clock.now().monotonic;
      const [status, serverTime] = await send(serverClock.deadline(sent, commandTimeout));
      serverClock.observe(serverTime, sent, clock.now().monotonic);
      if (status !== STALE) return status === DONE;
    }
    throw new LockStoreError(`The ${what} of '${key}' reached the server after its deadline, and was ignored there.`, { key });
  }

  private send(script: LuaScript, keys: readonly string[], args: readonly (string | number)[]): Promise<readonly [number, number]> {
    // The shape is the script's.
    return this.parts.link.run(script, keys.length, [...keys, ...args], (reply) => reply as [number, number]);
  }

  private async renewAll(script: LuaScript, commands: readonly LeaseCommand[]): Promise<PromiseSettledResult<boolean>[]> {
    const size = this.parts.clustered ? 1 : RENEW_BATCH;
    const batches: Promise<PromiseSettledResult<boolean>[]>[] = [];
    for (let start = 0; start < commands.length; start += size) batches.push(this.renewBatch(script, commands.slice(start, start + size)));
    return (await Promise.all(batches)).flat();
  }

  private async renewBatch(script: LuaScript, batch: readonly LeaseCommand[]): Promise<PromiseSettledResult<boolean>[]> {
    const { names, link } = this.parts;
    const locks = batch.map(({ key }) => names.lock(key));
    const keys = script === RENEW ? locks : locks.flatMap((lock) => [lock, names.companion(lock)]);
    const args = batch.flatMap(({ token, leaseMs }) => [token, leaseMs]);
    try {
      const held = await link.run(script, keys.length, [...keys, ...args], eachDone);
      return held.map((value) => ({ status: 'fulfilled', value }));
    } catch (reason) {
      return batch.map(() => ({ status: 'rejected', reason }));
    }
  }
}
