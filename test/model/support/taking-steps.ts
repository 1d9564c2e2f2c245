import fc, { type AsyncCommand } from 'fast-check';
import type { HeartbeatReply } from '../../../libs/redis-lock/src/store/lock-store.interface.js';
import type { Sharing } from '../../../libs/redis-lock/src/store/sharing.js';
import { count, index, key, leaseMs, often, process, seldom, wish } from './choices.js';
import type { ModelStage } from './model-stage.js';
import { KEYS, type Scene } from './scene.js';
import { stepsOf } from './step.js';
import { GRACE_MS } from './times.js';

/** A new token, or now and then one that was taken back before it arrived. */
function tokenFor(scene: Scene, name: string, at: string, cancelled: boolean): string {
  const buried = cancelled ? [...scene.reference.lock(at).tombstones.keys()].find((token) => token.startsWith(`${name}.`)) : undefined;
  return buried !== undefined && scene.isKnownTombstone(at, buried) ? buried : scene.newToken(name);
}

function toWhom(name: string, at: string, wish: Sharing | undefined): string {
  return `${name} ${at} ${wish === undefined ? 'alone' : wish.kind === 'read' ? 'read' : `permit of ${String(wish.limit)}`}`;
}

const grants = stepsOf(
  'grant',
  fc.record({ process, wish, count, leaseMs, queues: often, late: seldom, cancelled: seldom, reserve: fc.constantFrom(1, 1, 32) }),
  (scene, { process: name, wish: { key: at, sharing }, leaseMs: ms, late, cancelled, ...choice }) => {
    if (scene.dead.has(name)) return undefined;
    return {
      says: `${toWhom(name, at, sharing)} ${JSON.stringify({ ms, late, cancelled, ...choice })}`,
      act: async () => {
        // A process has one entry in a line.
        const queues = choice.queues && scene.reference.lock(at).line(sharing).entryOf(name) === undefined;
        if (queues) scene.tick();
        if (queues || sharing !== undefined) scene.accompanied.add(at);
        const token = tokenFor(scene, name, at, cancelled);
        const shares = choice.count;
        const reserve = sharing === undefined ? choice.reserve : shares;
        scene.sent.push({ token, process: name, key: at, sharing });
        const queue = queues ? { graceMs: GRACE_MS, since: undefined, count: shares } : undefined;
        const command = { key: at, token, leaseMs: ms, reserve, sharing, queue, sent: scene.stage.sent(late) };
        const actual = await scene.ask(name, [at], (store) => store.grant(command), late);
        const expected = scene.reference.grant({ key: at, token, sharing, count: shares, leaseMs: ms, late }, queues);
        const blocks = scene.agreeOn(expected, actual, reserve);
        scene.count('grant', kindOf(sharing), actual.status);
        if (actual.status === 'queued') scene.since.set(token, actual.since);
        scene.agreeOnRest(blocks);
      },
    };
  },
);

const heartbeats = stepsOf(
  'heartbeat',
  fc.record({ process, key, index, count, leaseMs, keepsPlace: often, late: seldom, cancelled: seldom }),
  (scene, { process: name, key: at, index: n, count: shares, leaseMs: ms, keepsPlace, late, cancelled }) => {
    const current = scene.pickWaiting(at, n, name);
    if (scene.dead.has(name) || current === undefined) return undefined;
    const lock = scene.reference.lock(at);
    const { sharing: wish } = current;
    // The entry of one who was taken for dead may be there or not; only the answer tells.
    const doubtful = lock.line(wish).find(current.token) !== undefined && !lock.line(wish).isAlive(name, scene.reference.now);
    return {
      says: `${toWhom(name, at, wish)} ${current.token.slice(-4)} ${JSON.stringify({ shares, ms, keepsPlace, late, cancelled })}`,
      act: async () => {
        scene.tick();
        scene.accompanied.add(at);
        const token = tokenFor(scene, name, at, cancelled && !doubtful);
        const since = keepsPlace ? scene.since.get(current.token) : undefined;
        scene.sent.push({ token, process: name, key: at, sharing: wish });
        const beat = {
          token,
          leaseMs: ms,
          graceMs: GRACE_MS,
          count: shares,
          sent: scene.stage.sent(late),
          key: at,
          current: current.token,
          since,
          sharing: wish,
        };
        const actual = await scene.ask(name, [at], (store) => store.heartbeat(beat), late);
        const sinceMs = since === undefined ? undefined : since / 1_000;
        const expected = scene.reference.heartbeat(
          { key: at, current: current.token, token, sharing: wish, count: shares, leaseMs: ms, late, since: sinceMs },
          tokenIn(actual) === current.token,
        );
        const blocks = scene.agreeOn(expected, actual);
        scene.count('heartbeat', kindOf(wish), actual.status);
        if (actual.status === 'queued') scene.since.set(actual.token, actual.since);
        scene.agreeOnRest(blocks);
      },
    };
  },
);

function kindOf(wish: Sharing | undefined): string {
  return wish?.kind ?? 'alone';
}

function tokenIn(reply: HeartbeatReply): string | undefined {
  return 'token' in reply ? reply.token : undefined;
}

const grantsOfAll = stepsOf(
  'grant all',
  fc.record({ process, keys: fc.subarray([...KEYS], { minLength: 2 }), leaseMs, late: seldom }),
  (scene, { process: name, keys, leaseMs: ms, late }) => {
    if (scene.dead.has(name)) return undefined;
    return {
      says: `${name} ${keys.join(' ')} ${JSON.stringify({ ms, late })}`,
      act: async () => {
        const claims = keys.map((at) => ({ key: at, token: scene.newToken(name) }));
        for (const claim of claims) scene.sent.push({ ...claim, process: name, sharing: undefined });
        const actual = await scene.ask(name, keys, (store) => store.grantAll({ claims, leaseMs: ms, sent: scene.stage.sent(late) }), late);
        scene.count('grant all', actual.status);
        const waiting = keys.some((at) => scene.reference.lock(at).isAwaited);
        // What lies beside a lock for no reason any more makes it slower to be had, and nothing worse.
        const lingers = actual.status === 'busy' && keys.some((at) => scene.accompanied.has(at));
        const expected = scene.reference.grantAll(claims, ms, late, waiting || lingers);
        const { status } = actual;
        if (status === 'apart') throw new Error('One server holds all keys.');
        const [fence] = status === 'granted' ? actual.fences : [];
        const blocks = scene.agreeOn(expected, { status, ...(fence === undefined ? {} : { fence }) }, claims.length);
        scene.agreeOnRest(blocks);
      },
    };
  },
);

/** Attempts to get a lock, waiting for it, and several at once. */
export const takingSteps: { weight: number; arbitrary: fc.Arbitrary<AsyncCommand<Scene, ModelStage>> }[] = [
  { weight: 30, arbitrary: grants },
  { weight: 18, arbitrary: heartbeats },
  { weight: 1, arbitrary: grantsOfAll },
];
