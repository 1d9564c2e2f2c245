import fc, { type AsyncCommand } from 'fast-check';
import { givingSteps } from './giving-steps.js';
import type { ModelStage } from './model-stage.js';
import { KEYS, Scene } from './scene.js';
import { takingSteps } from './taking-steps.js';
import { START_MS } from './times.js';
import { troubleSteps } from './trouble-steps.js';

/** How many steps a run has at most. */
const MOST_STEPS = 100;

/** Which runs are made; `path` and `replayPath` lead to the shrunk one of a failure. */
export interface ModelRuns {
  readonly seed: number;
  readonly runs: number;
  readonly path?: string | undefined;
  readonly replayPath?: string | undefined;
  /** Whether a failure is made as short as it can be. Default true */
  readonly shrinks?: boolean;
}

/** What they came to. */
export interface ModelReport {
  readonly store: string;
  readonly seed: number;
  readonly runs: number;
  /** How often what came of a step. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
}

/** Does the same to a store and to the reference, in random runs, until they differ in one; that is made as short as it can be. */
export async function compareWithModel(
  stage: ModelStage,
  { seed, runs, path, replayPath, shrinks = true }: ModelRuns,
): Promise<ModelReport> {
  const steps = fc.oneof(...takingSteps, ...givingSteps, ...troubleSteps);
  const commands = fc.commands([steps], { maxCommands: MOST_STEPS, size: 'max', ...(replayPath === undefined ? {} : { replayPath }) });
  const outcomes: Record<string, number> = {};
  const property = fc.asyncProperty(commands, async (chosen) => {
    await stage.begin(START_MS);
    const scene = new Scene(stage, outcomes);
    try {
      await fc.asyncModelRun(() => ({ model: scene, real: stage }), chosen);
      await scene.look(KEYS);
      scene.agreeOnRest();
    } catch (cause) {
      throw new Error([...scene.story, String(cause)].join('\n'), { cause });
    }
  });
  const found = await fc.check(property, { seed, numRuns: runs, endOnFailure: !shrinks, ...(path === undefined ? {} : { path }) });
  return { store: stage.kind, seed, runs: found.numRuns, outcomes, faults: found.failed ? [tell(stage.kind, found)] : [] };
}

function tell(store: string, found: fc.RunDetails<[Iterable<AsyncCommand<Scene, ModelStage>>]>): string {
  const { seed, counterexample, counterexamplePath, errorInstance } = found;
  // The text of the commands ends with the way to them: /*replayPath="…"*/
  const replayPath = /replayPath="([^"]*)"/.exec(fc.stringify(counterexample?.[0]))?.[1] ?? '';
  const way = `MODEL_SEED=${String(seed)} MODEL_PATH=${counterexamplePath ?? ''} MODEL_REPLAY='${replayPath}'`;
  return `${store}: ${way}\n${errorInstance instanceof Error ? errorInstance.message : String(errorInstance)}`;
}
