import type { LuaScript } from '../../../libs/redis-lock/src/lua/lua-script.js';
import type { StagedMemoryServer } from './memory-model-stage.js';

/** What the runs must find in the memory store, or they show nothing when they find nothing. */
export const MEMORY_BREAKAGES: Readonly<Record<string, (server: StagedMemoryServer) => void>> = {
  'no owner check at release': (server) => {
    const release = server.release.bind(server);
    server.release = (key, token, keepMs, next) => release(key, server.inspect(key).owner ?? token, keepMs, next);
  },
  'a renewal shortens the lease': (server) => {
    const renew = server.renew.bind(server);
    server.renew = (key, token, leaseMs) => renew(key, token, leaseMs) && server.extend(key, token, leaseMs) === true;
  },
  'a cancelled attempt leaves no tombstone': (server) => {
    const cancel = server.cancel.bind(server);
    server.cancel = (key, token) => cancel(key, token, 0);
  },
  'a dead process is not passed over': (server) => {
    server.disconnect = () => undefined;
  },
  'a downgrade lets a writer between': (server) => {
    server.downgrade = (key, token) => server.release(key, token, 0).released;
  },
  'a release of one share gives up all of the grant': (server) => {
    server.shareRelease = (key, token, _keepMs, next) => {
      const released = server.shareRenew(key, token, 1);
      server.shareCancel(key, token, 0, next?.sharing ?? { kind: 'read' });
      return { released, next: undefined };
    };
  },
  'several locks are granted although somebody waits for one': (server) => {
    server.grantAll = (claims, leaseMs) => {
      const grants = claims.map(({ key, token }) =>
        server.grant({ key, token, leaseMs, deadline: Infinity, reserve: 1, queue: undefined }),
      );
      const fences = grants.flatMap((grant) => (grant.status === 'granted' ? [grant.fence] : []));
      return fences.length === claims.length ? fences : undefined;
    };
  },
};

/** A piece of a script, and what is to stand there instead. */
interface LuaBreakage {
  readonly script: RegExp;
  readonly from: string;
  readonly to: string;
}

/** The same for the scripts. */
export const LUA_BREAKAGES: Readonly<Record<string, LuaBreakage>> = {
  'no owner check at release': {
    script: /^release$/,
    from: "if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then",
    to: "if not redis.pcall('GET', KEYS[1]) then",
  },
  'a renewal shortens the lease': {
    script: /^renew$/,
    from: "if redis.call('PTTL', lock) < tonumber(lease) then",
    to: 'if true then',
  },
  'readers begin while a writer waits': {
    script: /^share-grant$/,
    from: 'writer_waits() and 0 or',
    to: 'false or',
  },
  'one permit more than the limit': {
    script: /./,
    from: 'limit - live_shares()',
    to: 'limit + 1 - live_shares()',
  },
  'a share is renewed after its end': {
    script: /^share-renew$/,
    from: ' and share_end(lapse) > now',
    to: '',
  },
  'whoever comes overtakes those who wait': {
    script: /^grant$/,
    from: 'hand_over(ARGV[6])',
    to: '',
  },
  'readers do not begin after a writer': {
    script: /./,
    from: "if reader[1] and first == 'r' then",
    to: "if reader[1] and first == 'r' and not writer_waits() then",
  },
  'who was passed over is not called again': {
    script: /heartbeat$/,
    from: "(mark == 's' or not mark) and terms.mark or 'u'",
    to: 'mark or terms.mark',
  },
  'fences do not follow the clock': {
    script: /./,
    from: 'local fence = now\n',
    to: 'local fence = 1\n',
  },
};

/** Breaks the scripts that it is about. @throws where they do not say any more what is to be replaced */
export function brokenBy({ script: which, from, to }: LuaBreakage): (script: LuaScript) => LuaScript {
  return (script) => {
    if (!which.test(script.name)) return script;
    const source = script.source.replaceAll(from, () => to);
    if (source === script.source && which.source !== '.') throw new Error(`There is no '${from}' in ${script.name}.lua.`);
    return { ...script, source };
  };
}
