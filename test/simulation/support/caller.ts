import type { LockHandle } from '../../../libs/redis-lock/src/lock/lock-handle.js';
import type { Lock } from '../../../libs/redis-lock/src/lock/lock.js';
import type { Participant } from './participant.js';
import type { Scene } from './scene.js';
import { acquire, handlesOf, nameOf, runInside, wishOf, type Wish } from './wish.js';
import { ChangedMyMind, Witness } from './witness.js';

/** Clocks of two machines run apart meanwhile. */
const KEPT_TOLERANCE_MS = 5;

/** Somebody in one process who uses locks in every way there is, by chance. */
export class Caller {
  private readonly witness: Witness;

  constructor(
    private readonly scene: Scene,
    private readonly participant: Participant,
  ) {
    this.witness = new Witness(scene, participant);
  }

  async run(): Promise<void> {
    const { scene, participant } = this;
    while (this.goesOn()) {
      await participant.process.sleep(scene.dice.between(0, 60));
      if (this.goesOn()) await this.once();
    }
  }

  private goesOn(): boolean {
    return !this.scene.isOver && this.participant.takesPart;
  }

  private async once(): Promise<void> {
    const { scene, participant, witness } = this;
    const { dice, keys, habits } = scene;
    const what = dice.roll() * (habits.patientMs === undefined ? 1 : 0.9);
    const wish = wishOf(dice, habits, keys, this.options());
    const name = nameOf(wish);
    const mayBeRefused = habits.mixing > 0;
    if (what < 0.5) await witness.expectKnown(`${wish.kind} section ${name}`, this.section(wish), mayBeRefused);
    else if (what < 0.9) await witness.expectKnown(`${wish.kind} ${name}`, this.bare(wish), mayBeRefused);
    else if (what < 0.96) await witness.expectKnown(`isLocked ${name}`, participant.locks.isLocked(name));
    else await witness.expectKnown(`forceRelease ${name}`, participant.locks.forceRelease(name));
  }

  private async section(wish: Wish): Promise<void> {
    const { locks, handles } = this.participant;
    let entered = (): void => undefined;
    const entry = new Promise<void>((resolve) => (entered = resolve));
    let work: Promise<void> | undefined;
    await this.witness.expectInTime(wish, () => {
      work = runInside(locks, wish, async (lock) => {
        entered();
        this.enter(lock, wish);
        try {
          await this.inside(lock, wish);
        } finally {
          for (const handle of handlesOf(lock)) handles.delete(handle);
        }
      });
      // It has entered, or it never will.
      return Promise.race([entry, work]);
    });
    await work;
  }

  private async bare(wish: Wish): Promise<void> {
    const { participant, scene, witness } = this;
    const { locks, handles, process } = participant;
    const lock = await witness.expectInTime(wish, () => acquire(locks, wish));
    this.enter(lock, wish);
    try {
      await this.use(lock, wish);
    } finally {
      const now = process.now();
      const kept = handlesOf(lock).map(({ share: { hold } }) => ({
        hold,
        until: scene.world.time + hold.keepMs(now) / process.rate - KEPT_TOLERANCE_MS,
      }));
      for (const handle of handlesOf(lock)) handles.delete(handle);
      const outcome = await lock.release();
      witness.count(outcome);
      if (outcome === 'released') for (const { hold, until } of kept) scene.referee.keep(hold, until);
    }
  }

  private enter(lock: Lock, { kind, key }: Wish): void {
    const { referee } = this.scene;
    for (const handle of handlesOf(lock)) {
      const { hold } = handle.share;
      this.participant.handles.add(handle);
      if (hold.request.holdAtLeast > 0) referee.kept.add(hold.token);
      referee.entered(this.participant, hold);
    }
    this.witness.count('entered');
    this.witness.count(typeof key === 'string' ? `entered: ${kind}` : `entered: several to ${kind}`);
  }

  private async inside(lock: Lock, wish: Wish): Promise<void> {
    const { dice, habits } = this.scene;
    await this.use(lock, wish);
    if (!dice.chance(0.2)) return;
    const [handle] = handlesOf(lock);
    if (handle === undefined) return;
    // Whoever writes may read inside; whoever reads may not write.
    const isAlone = handle.share.hold.request.sharing === undefined && !this.scene.referee.downgrading.has(handle.share.hold.token);
    const kind = wish.kind === 'write' && (!isAlone || dice.chance(habits.reading)) ? 'read' : wish.kind;
    const wait = habits.patientMs ?? (wish.options.wait === 0 ? 50 : 1_000);
    const nested: Wish = { ...wish, key: handle.key, kind, options: { wait } };
    const within = { count: 0 };
    await Promise.all(Array.from({ length: dice.whole(1, 3) }, () => this.sibling(nested, within)));
  }

  private sibling(wish: Wish, inside: { count: number }): Promise<void> {
    const { participant, scene, witness } = this;
    return runInside(participant.locks, wish, async (lock) => {
      if (++inside.count > 1) scene.referee.fail(`${participant.name}: siblings run side by side inside ${nameOf(wish)}`);
      witness.count(`nested: ${wish.kind}`);
      for (const handle of handlesOf(lock)) participant.handles.add(handle);
      try {
        await this.use(lock, { ...wish, kind: 'read' });
      } finally {
        for (const handle of handlesOf(lock)) participant.handles.delete(handle);
        inside.count--;
      }
    });
  }

  private async use(lock: Lock, { kind, key }: Wish): Promise<void> {
    const { dice, habits } = this.scene;
    const { witness } = this;
    let isWriting = kind === 'write' && typeof key === 'string';
    for (let step = dice.whole(1, habits.steps); step > 0; step--) {
      await this.participant.process.sleep(dice.chance(habits.idling) ? dice.between(0, 700) : dice.between(0, habits.workMs));
      if (dice.chance(0.3)) lock.assertHeld();
      if (dice.chance(0.1)) lock.signal.addEventListener('abort', () => witness.count('told'));
      if (isWriting && dice.chance(habits.downgrades)) {
        isWriting = false;
        for (const handle of handlesOf(lock)) await this.settled('downgrade', this.downgrade(handle));
      }
      if (!dice.chance(habits.extensions)) continue;
      await this.settled('extend', lock.extend(dice.pick<number | undefined>(undefined, ...habits.ttls)));
    }
  }

  /** Some give up where it fails, some do not mind, and some do not even wait for it. */
  private async settled(name: string, work: Promise<unknown>): Promise<void> {
    const { dice, habits } = this.scene;
    if (!dice.chance(habits.patience)) await work;
    else if (dice.chance(0.5)) await this.witness.expectKnown(name, work);
    else void this.witness.expectKnown(name, work);
  }

  private async downgrade(handle: LockHandle): Promise<void> {
    const { downgrading } = this.scene.referee;
    const { token } = handle.share.hold;
    downgrading.add(token);
    try {
      await handle.downgrade();
      this.witness.count('downgraded');
    } finally {
      downgrading.delete(token);
    }
  }

  private options(): Wish['options'] {
    const { dice, habits } = this.scene;
    const ttl = dice.pick(...habits.ttls);
    if (habits.patientMs !== undefined) return { ttl, wait: habits.patientMs };
    const options: Wish['options'] = {
      ttl,
      wait: dice.pick<NonNullable<Wish['options']['wait']>>(0, 40, 200, 200, 1_000, 1_000, { retries: 3, delay: 30, backoff: 'linear' }),
      renew: dice.chance(0.75),
    };
    if (dice.chance(0.1)) options.holdAtLeast = dice.whole(20, 200);
    if (dice.chance(0.1)) options.maxHold = (Number(options.holdAtLeast ?? 0) || 20) + dice.whole(0, 300);
    if (dice.chance(0.15)) {
      const gaveUp = new AbortController();
      options.signal = gaveUp.signal;
      this.participant.process.after(dice.between(0, 200), () => gaveUp.abort(new ChangedMyMind()));
    }
    return options;
  }
}
