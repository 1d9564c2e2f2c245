import type { Hold } from '../../../libs/redis-lock/src/lock/hold.js';
import { BeliefJudge, type Belief } from './belief-judge.js';
import type { ObservedServer, SeenLock } from './observed-server.js';
import type { Participant } from './participant.js';
import type { World } from './world.js';

/** The longest that callers ask for, and what a stall may add. */
const LONGEST_LEASE_MS = 6_000;

/** Watches a history and says what must never happen, in the words of the promises C1 to C3. */
export class Referee {
  readonly faults: string[] = [];
  /** Tokens whose lock stays behind after its release on purpose (holdAtLeast). */
  readonly kept = new Set<string>();
  /** Tokens of writers who are becoming readers. */
  readonly downgrading = new Set<string>();
  /** Released locks that are to stay in place, until a moment of true time. */
  private readonly keptUntil = new Map<string, { readonly key: string; readonly until: number }>();
  /** How often somebody believed in a lock that an operator had released by force, and for how long that may be, in ms. */
  forcedBeliefs = 0;
  mostForcedMs = LONGEST_LEASE_MS;
  private readonly believedSince = new Map<string, number>();
  /** When a lock that nobody holds any more was first seen, by its token. */
  private readonly orphans = new Map<string, number>();
  /** The highest fence that somebody entered with: of those who are alone, and of all. */
  private readonly enteredAlone = new Map<string, number>();
  private readonly enteredAtAll = new Map<string, number>();
  private readonly beliefs: BeliefJudge;
  /** From this moment on no lock may be left to nobody for longer than `orphanMs`. */
  private healedAt = Infinity;
  private orphanMs = Infinity;

  constructor(
    private readonly world: World,
    private readonly server: ObservedServer,
    private readonly participants: readonly Participant[],
    private readonly keys: readonly string[],
  ) {
    this.beliefs = new BeliefJudge(server, this.downgrading, (what) => this.fail(what));
  }

  /** Looks at everything; after each event. */
  look(): void {
    for (const fault of this.server.faults.splice(0)) this.fail(fault);
    const stored = new Map(this.keys.map((key) => [key, this.server.look(key)]));
    const believed = new Map<string, Belief[]>();
    const had = new Set<string>();
    for (const participant of this.participants) {
      const holds = participant.holds();
      for (const { token } of holds) had.add(token);
      for (const belief of participant.beliefs(holds)) {
        const { hold } = belief;
        this.checkMaxHold(belief);
        if (this.checkForced(belief)) continue;
        this.beliefs.checkStored(belief, stored.get(hold.key));
        const others = believed.get(hold.key);
        if (others === undefined) believed.set(hold.key, [belief]);
        else others.push(belief);
      }
    }
    for (const [key, beliefs] of believed) this.beliefs.checkTogether(key, beliefs);
    for (const [token, { key, until }] of this.keptUntil) this.checkKept(token, until, stored.get(key));
    for (const [key, lock] of stored) for (const token of tokensOf(lock)) this.checkOrphan(key, token, had);
  }

  /** A caller entered a lock: callers enter in the order of the grants, readers among each other in any, and each with the fence that the server gave it. */
  entered(participant: Participant, { key, token, fence, request }: Hold): void {
    if (participant.isShut) this.fail(`${participant.name} entered ${key} although it shuts down`);
    if (!this.server.gave(token, fence)) this.fail(`C3: ${participant.name} entered ${key} with a fence nobody gave it`);
    // Its message may have come before the grant's answer: then a renewal tells.
    if (this.server.forced.has(token)) return;
    const isAlone = request.sharing === undefined;
    const last = (isAlone ? this.enteredAtAll : this.enteredAlone).get(key) ?? 0;
    if (fence <= last) this.fail(`C3: ${participant.name} entered ${key} with fence ${String(fence)} after ${String(last)}`);
    for (const fences of isAlone ? [this.enteredAlone, this.enteredAtAll] : [this.enteredAtAll])
      fences.set(key, Math.max(fences.get(key) ?? 0, fence));
  }

  /** Its holder released it, and it is to stay for the rest of its minimum hold, until a moment of true time. */
  keep({ key, token }: Hold, until: number): void {
    this.keptUntil.set(token, { key, until });
  }

  /** @param orphanMs for how long a lock may be left to nobody from now on */
  expectHealed(orphanMs: number): void {
    this.healedAt = this.world.time;
    this.orphanMs = orphanMs;
  }

  fail(what: string): void {
    this.faults.push(`${what} (at ${this.world.time.toFixed(2)} ms)`);
  }

  private checkMaxHold({ participant: { name, process }, hold }: Belief): void {
    const { key, enteredAt, request } = hold;
    const heldMs = process.now().monotonic - enteredAt;
    if (heldMs > (request.maxHold ?? Infinity)) this.fail(`${name} believes to hold ${key} beyond its maxHold`);
  }

  /** Whether it was taken away by force; whoever had it may believe until it is told. */
  private checkForced({ participant: { name }, hold: { key, token } }: Belief): boolean {
    const forcedAt = this.server.forced.get(token);
    const since = this.believedSince.get(token) ?? this.world.time;
    this.believedSince.set(token, since);
    if (forcedAt === undefined) return false;
    this.forcedBeliefs++;
    // The message does not find whoever enters after it.
    const limit = since < forcedAt ? this.mostForcedMs : LONGEST_LEASE_MS;
    if (this.world.time - forcedAt > limit) this.fail(`${name} goes on believing in ${key}, which was released by force`);
    return true;
  }

  private checkKept(token: string, until: number, stored: SeenLock | undefined): void {
    if (this.world.time >= until || this.server.forced.has(token)) this.keptUntil.delete(token);
    else if (stored === undefined || !tokensOf(stored).includes(token))
      this.fail(`a lock was freed ${(until - this.world.time).toFixed(0)} ms before the end of its holdAtLeast`);
  }

  /** Once the links are healed, what nobody has any more is given back soon. */
  private checkOrphan(key: string, owner: string, had: ReadonlySet<string>): void {
    if (had.has(owner)) {
      this.orphans.delete(owner);
      return;
    }
    const since = this.orphans.get(owner) ?? this.world.time;
    this.orphans.set(owner, since);
    const age = this.world.time - Math.max(since, this.healedAt);
    if (age <= this.orphanMs || this.isExcused(owner)) return;
    this.fail(`nobody has had ${key} for ${age.toFixed(0)} ms, and it is locked`);
    this.orphans.set(owner, Infinity);
  }

  /** What a process leaves behind that crashed or was shut down ends at its lease. */
  private isExcused(owner: string): boolean {
    const of = owner.split('.')[0];
    return this.kept.has(owner) || this.participants.some(({ engine, takesPart }) => engine.process === of && !takesPart);
  }
}

/** Whoever has it on the server, or shares of it. */
function tokensOf({ owner, shares }: SeenLock): readonly string[] {
  return owner === undefined ? shares.map(({ token }) => token) : [owner];
}
