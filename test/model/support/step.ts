import type fc from 'fast-check';
import type { AsyncCommand } from 'fast-check';
import type { ModelStage } from './model-stage.js';
import type { Scene } from './scene.js';

/** What a choice comes to in a scene; undefined where it makes no sense there. */
export type Plan<C> = (scene: Scene, choice: C) => { readonly says: string; act(): Promise<void> } | undefined;

/** One thing that happens, to the reference and to the store under test. */
class Step<C extends object> implements AsyncCommand<Scene, ModelStage> {
  constructor(
    private readonly name: string,
    private readonly choice: C,
    private readonly plan: Plan<C>,
  ) {}

  check(scene: Readonly<Scene>): boolean {
    // A plan changes nothing until it is acted on.
    return this.plan(scene as Scene, this.choice) !== undefined;
  }

  async run(scene: Scene): Promise<void> {
    const plan = this.plan(scene, this.choice);
    if (plan === undefined) return;
    scene.story.push(`${this.name} ${plan.says}`);
    scene.count('steps');
    await plan.act();
  }

  toString(): string {
    return `${this.name} ${JSON.stringify(this.choice)}`;
  }
}

/** Steps of one kind, chosen at random. */
export function stepsOf<C extends object>(
  name: string,
  choice: fc.Arbitrary<C>,
  plan: Plan<C>,
): fc.Arbitrary<AsyncCommand<Scene, ModelStage>> {
  return choice.map((chosen) => new Step(name, chosen, plan));
}
