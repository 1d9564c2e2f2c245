import { deepStrictEqual } from 'node:assert/strict';
import fc, { type AsyncCommand } from 'fast-check';
import { key, process } from './choices.js';
import type { ModelStage } from './model-stage.js';
import { KEYS, PROCESSES, type Scene } from './scene.js';
import { stepsOf } from './step.js';
import { PASSES_MS } from './times.js';

/** A server that lost its data starts again no sooner, so that its clock is not behind the fences that were used. */
const RESTART_MS = 20;

/** Whether messages reach a process, whether it believes so, and whether it is there at all. */
const STATES = {
  well: { reachable: true, hears: true, dead: false },
  'cut off': { reachable: false, hears: true, dead: false },
  'without subscription': { reachable: false, hears: false, dead: false },
  doubting: { reachable: true, hears: false, dead: false },
  dead: { reachable: false, hears: true, dead: true },
};

const passings = stepsOf('pass', fc.record({ ms: fc.constantFrom(...PASSES_MS) }), (scene, { ms }) => ({
  says: `${String(ms)} ms`,
  act: async () => {
    scene.pass(ms);
    await scene.look(KEYS);
    scene.agreeOnRest();
  },
}));

const connections = stepsOf(
  'process',
  fc.record({
    process,
    state: fc.constantFrom<keyof typeof STATES>(
      'well',
      'well',
      'cut off',
      'cut off',
      'without subscription',
      'doubting',
      'doubting',
      'dead',
    ),
  }),
  (scene, { process: name, state }) => ({
    says: `${name} is ${state}`,
    act: async () => {
      const { reachable, hears, dead } = STATES[state];
      const { reference } = scene;
      for (const [set, has] of [
        [reference.reachable, reachable],
        [reference.hearing, hears],
        [scene.dead, dead],
      ] as const) {
        if (has) set.add(name);
        else set.delete(name);
      }
      await scene.stage.connect(name, reachable, hears);
    },
  }),
);

const forcedReleases = stepsOf('force release', fc.record({ key }), (scene, { key: at }) => ({
  says: at,
  act: async () => {
    const actual = await scene.ask(PROCESSES[0], [at], (store) => store.forceRelease(at));
    deepStrictEqual(actual, scene.reference.forceRelease(at));
    scene.agreeOnRest();
  },
}));

const deletions = stepsOf('foreign DEL', fc.record({ key }), (scene, { key: at }) => ({
  says: at,
  act: async () => {
    await scene.stage.deleteKey(at);
    scene.reference.lock(at).free();
    await scene.look([at]);
    scene.agreeOnRest();
  },
}));

const losses = stepsOf('lose data', fc.constant({}), (scene) => ({
  says: '',
  act: async () => {
    await scene.stage.loseData();
    scene.reference.loseData();
    scene.accompanied.clear();
    scene.pass(RESTART_MS);
    await scene.look(KEYS);
    scene.agreeOnRest();
  },
}));

/** What happens to processes, the server and time. */
export const troubleSteps: { weight: number; arbitrary: fc.Arbitrary<AsyncCommand<Scene, ModelStage>> }[] = [
  { weight: 8, arbitrary: passings },
  { weight: 6, arbitrary: connections },
  { weight: 1, arbitrary: forcedReleases },
  { weight: 1, arbitrary: deletions },
  { weight: 1, arbitrary: losses },
];
