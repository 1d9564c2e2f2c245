import { deepStrictEqual } from 'node:assert/strict';
import fc, { type AsyncCommand } from 'fast-check';
import { count, index, key, leaseMs, process, seldom } from './choices.js';
import type { ModelStage } from './model-stage.js';
import type { Scene } from './scene.js';
import { stepsOf } from './step.js';
import { GRACE_MS } from './times.js';

/** How many fences a confirmation asks for. */
const RESERVED = 3;

const releases = stepsOf(
  'release',
  fc.record({
    key,
    index,
    keepMs: fc.constantFrom(0, 0, 0, 0, 0, 201, 3_001),
    next: fc.option(fc.record({ count, leaseMs, late: seldom })),
  }),
  (scene, { key: at, index: n, keepMs, next: wanted }) => {
    const holder = scene.pick(at, n);
    if (holder === undefined || scene.dead.has(holder.process)) return undefined;
    const { token, sharing, process: name } = holder;
    return {
      says: `${name} ${at} ${token.slice(-6)} ${JSON.stringify({ sharing, keepMs, next: wanted })}`,
      act: async () => {
        const asks = wanted !== null && scene.reference.lock(at).line(sharing).entryOf(name) === undefined;
        if (asks) scene.tick();
        if (asks || sharing !== undefined) scene.accompanied.add(at);
        const late = asks && wanted.late;
        const nextToken = scene.newToken(name);
        const next = asks
          ? { token: nextToken, leaseMs: wanted.leaseMs, graceMs: GRACE_MS, count: wanted.count, sent: scene.stage.sent(late) }
          : undefined;
        if (asks) scene.sent.push({ token: nextToken, process: name, key: at, sharing });
        const actual = await scene.ask(name, [at], (store) => store.release({ key: at, token, keepMs, sharing, next }), late);
        const arriving = asks ? { key: at, token: nextToken, sharing, count: wanted.count, leaseMs: wanted.leaseMs, late } : undefined;
        const expected = scene.reference.release(at, token, sharing, keepMs, arriving);
        deepStrictEqual(
          { released: actual.released, next: actual.next?.status },
          { released: expected.released, next: expected.next?.status },
        );
        scene.count('release', sharing?.kind ?? 'alone', actual.released ? 'done' : 'not its own', actual.next?.status ?? 'no next');
        const blocks = expected.next === undefined || actual.next === undefined ? [] : scene.agreeOn(expected.next, actual.next);
        if (actual.next?.status === 'queued') scene.since.set(nextToken, actual.next.since);
        scene.agreeOnRest(blocks);
      },
    };
  },
);

const takingsBack = stepsOf(
  'take back',
  fc.record({ key, index, forGood: fc.boolean(), unsent: seldom }),
  (scene, { key: at, index: n, forGood, unsent }) => {
    const picked = scene.pick(at, n);
    if (picked === undefined || scene.dead.has(picked.process)) return undefined;
    const { sharing, process: name } = picked;
    // A share is taken back by the token that it was granted with.
    const token = unsent ? scene.newToken(name) : (picked.token.split('/')[0] ?? '');
    return {
      says: `${name} ${at} ${token.slice(-4)} ${JSON.stringify({ sharing, forGood, unsent })}`,
      act: async () => {
        scene.accompanied.add(at);
        await scene.ask(name, [at], (store) => (forGood ? store.cancel(at, token, sharing) : store.leave(at, token, sharing)));
        scene.reference.takeBack(at, token, sharing, forGood);
        scene.agreeOnRest();
      },
    };
  },
);

const renewals = stepsOf(
  'renew',
  fc.record({ process, leases: fc.array(fc.record({ key, index, leaseMs }), { minLength: 1, maxLength: 3 }) }),
  (scene, { process: name, leases }) => {
    if (scene.dead.has(name)) return undefined;
    const commands = leases.flatMap(({ key: at, index: n, leaseMs: ms }) => {
      const picked = scene.pick(at, n);
      return picked === undefined ? [] : [{ key: at, token: picked.token, sharing: picked.sharing, leaseMs: ms }];
    });
    return commands.length === 0
      ? undefined
      : {
          says: commands.map(({ key: at, token, leaseMs: ms }) => `${at} ${token.slice(-6)} ${String(ms)}`).join(', '),
          act: async () => {
            const keys = commands.map(({ key: at }) => at);
            const actual = await scene.ask(name, keys, (store) => store.renew(commands));
            // Those that are shared go by a command of their own.
            const expected = commands.map(({ key: at, token, sharing, leaseMs: ms }) => scene.reference.renew(at, token, sharing, ms));
            deepStrictEqual(
              actual.map((result) => result.status === 'fulfilled' && result.value),
              expected,
            );
            scene.agreeOnRest();
          },
        };
  },
);

const leases = stepsOf(
  'lease',
  fc.record({ process, key, index, leaseMs, what: fc.constantFrom<'extend' | 'confirm' | 'downgrade'>('extend', 'confirm', 'downgrade') }),
  (scene, { process: name, key: at, index: n, leaseMs: ms, what }) => {
    const picked = scene.pick(at, n);
    if (scene.dead.has(name) || picked === undefined) return undefined;
    const { token, sharing } = picked;
    const command = { key: at, token, leaseMs: ms, sharing };
    return {
      says: `${what} ${at} ${token.slice(-6)} ${JSON.stringify({ sharing, ms })}`,
      act: async () => {
        const { reference } = scene;
        if (what === 'confirm') {
          const actual = await scene.ask(name, [at], (store) => store.confirm({ ...command, reserve: RESERVED }));
          deepStrictEqual(actual !== undefined, reference.renew(at, token, undefined, ms));
          scene.agreeOnRest(actual === undefined ? [] : [{ first: actual.fence, count: RESERVED }]);
          return;
        }
        if (what === 'downgrade') scene.accompanied.add(at);
        const actual = await scene.ask(name, [at], (store) => store[what](command));
        const expected = what === 'extend' ? reference.extend(at, token, sharing, ms) : reference.downgrade(at, token, ms);
        deepStrictEqual(actual, expected);
        scene.agreeOnRest();
      },
    };
  },
);

/** What becomes of a lock that is held. */
export const givingSteps: { weight: number; arbitrary: fc.Arbitrary<AsyncCommand<Scene, ModelStage>> }[] = [
  { weight: 22, arbitrary: releases },
  { weight: 6, arbitrary: takingsBack },
  { weight: 5, arbitrary: renewals },
  { weight: 5, arbitrary: leases },
];
