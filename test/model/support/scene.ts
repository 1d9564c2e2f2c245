import { deepStrictEqual, fail, ok } from 'node:assert/strict';
import type { LockStore, StoredLock } from '../../../libs/redis-lock/src/store/lock-store.interface.js';
import { grantTokenOf, type Sharing } from '../../../libs/redis-lock/src/store/sharing.js';
import type { Answer, Seen, Told } from './answers.js';
import type { ModelStage, ToldWithFence } from './model-stage.js';
import { ReferenceServer } from './reference-server.js';
import { START_MS, TICK_MS } from './times.js';

export const PROCESSES = ['process-one-', 'process-two-', 'processthree'] as const;
export const KEYS = ['stock', 'price', 'order'] as const;

/** A token that a process has sent, for a key and in a way. */
export interface SentToken {
  readonly token: string;
  readonly process: string;
  readonly key: string;
  readonly sharing: Sharing | undefined;
}

/** Fences that were given at once, the first of them and how many. */
interface Block {
  readonly first: number;
  readonly count: number;
}

/** A reply of a store, with whatever of it the kind of command brings. */
export interface StoreAnswer extends Omit<Answer, 'others'> {
  readonly fence?: number;
  readonly others?: boolean;
}

/** The reference beside the store under test: what was sent to both, and whether they agree. */
export class Scene {
  readonly reference = new ReferenceServer(START_MS);
  readonly sent: SentToken[] = [];
  /** What was done, one step a line. */
  readonly story: string[] = [];
  /** Keys that something may lie beside, a line or a tombstone, whose time may be over. */
  readonly accompanied = new Set<string>();
  /** When a process first queued, in µs, by the token of the reply that said so. */
  readonly since = new Map<string, number>();
  /** Processes that have ended. */
  readonly dead = new Set<string>();
  private looked: readonly StoredLock[] = [];
  private tokens = 0;
  private lastFence = 0;

  /** @param outcomes counts what came of the steps */
  constructor(
    readonly stage: ModelStage,
    private readonly outcomes: Record<string, number>,
  ) {
    for (const process of PROCESSES) {
      this.reference.reachable.add(process);
      this.reference.hearing.add(process);
    }
  }

  newToken(process: string): string {
    this.tokens++;
    return `${process}.${String(this.tokens).padStart(22, '0')}`;
  }

  pass(ms: number): void {
    this.reference.now += ms;
    this.stage.pass(ms);
  }

  /** Nobody stands in line at the same instant as somebody else. */
  tick(): void {
    this.pass(TICK_MS);
  }

  /** The tokens that a process has sent for a key, or anybody has. */
  tokensOf(key: string, process?: string): SentToken[] {
    return this.sent.filter((sent) => sent.key === key && (process === undefined || sent.process === process));
  }

  /** The tokens of a lock's holders, share by share. */
  holders(key: string): SentToken[] {
    const { held } = this.reference.lock(key);
    return [...(held?.tokens.keys() ?? [])].flatMap((token) => {
      const sent = this.sent.find((one) => one.token === grantTokenOf(token));
      return sent === undefined ? [] : [{ ...sent, token, sharing: held?.sharing }];
    });
  }

  /** One of those who hold a lock, or, less often, of those who asked for it last. */
  pick(key: string, n: number): SentToken | undefined {
    const holders = this.holders(key);
    const candidates = [...holders, ...holders, ...holders, ...this.tokensOf(key).slice(-3).reverse()];
    return candidates[n % Math.max(1, candidates.length)];
  }

  /** One of those that a process has in line, or, less often, of those that it sent last. */
  pickWaiting(key: string, n: number, process: string): SentToken | undefined {
    const { writers, readers } = this.reference.lock(key);
    const mine = this.tokensOf(key, process);
    const inLine = mine.filter(({ token }) => writers.find(token) !== undefined || readers.find(token) !== undefined);
    const candidates = [...inLine, ...inLine, ...inLine, ...mine.slice(-3).reverse()];
    return candidates[n % Math.max(1, candidates.length)];
  }

  /** Whether what a tombstone says is known: past its time it may be there or not. */
  isKnownTombstone(key: string, token: string): boolean {
    const until = this.reference.lock(key).tombstones.get(token);
    return until === undefined || until > this.reference.now;
  }

  count(...what: (string | undefined)[]): void {
    const name = what.join(' ');
    this.outcomes[name] = (this.outcomes[name] ?? 0) + 1;
  }

  /** @param count how many fences the reply's is the first of, where it brings any */
  agreeOn(expected: Answer, actual: StoreAnswer, count = 1): Block[] {
    const { isHead, others, ...rest } = expected;
    const picked: Record<string, unknown> = {};
    for (const name of Object.keys(rest) as (keyof typeof rest)[]) picked[name] = actual[name];
    deepStrictEqual({ ...picked, shares: actual.shares }, { ...rest, shares: expected.shares }, 'the answer');
    if (isHead !== undefined) deepStrictEqual(actual.isHead, isHead, 'whether it is first in line');
    if (others !== undefined) ok(actual.others === true, 'it is not told that others wait');
    if (expected.status !== 'granted') return [];
    if (actual.fence === undefined) fail('a grant without a fence');
    return [{ first: actual.fence, count: expected.shares ?? count }];
  }

  /** Sends something to the store of a process, and right behind it looks at the locks that it is about: one round trip for both. */
  async ask<T>(process: string, keys: readonly string[], send: (store: LockStore) => Promise<T>, late = false): Promise<T> {
    const store = this.stage.store(process, late);
    const sent = send(store);
    const [answer, seen] = await Promise.all([sent, Promise.all(keys.map((key) => store.inspect(key)))]);
    this.looked = seen;
    return answer;
  }

  /** Looks at locks that nothing was sent about. */
  look(keys: readonly string[]): Promise<void> {
    return this.ask(PROCESSES[0], keys, async () => undefined);
  }

  /** After each step: what was told, the fences in it and in the answer, and what was to be seen of the locks that it was about. */
  agreeOnRest(blocks: readonly Block[] = []): void {
    const told = this.stage.told();
    const expected = this.reference.told.splice(0);
    deepStrictEqual(sorted(told), sorted(expected), 'what was told');
    for (const { kind } of told) this.count('told', kind);
    this.checkFences(blocks, told);
    for (const stored of this.looked) {
      const actual: Seen = {
        owner: stored.owner,
        sharing: stored.sharing,
        shares: Object.fromEntries(stored.shares.map(({ token, leaseLeftMs }) => [token, leaseLeftMs])),
        leaseLeftMs: stored.leaseLeftMs,
        waiting: stored.waiting,
      };
      deepStrictEqual(actual, this.reference.lock(stored.key).inspect(), `what is to be seen of ${stored.key}`);
    }
  }

  /** Above all that were given before, never behind the clock, none of them twice, and rising in the order of the grants. */
  private checkFences(answered: readonly Block[], told: readonly ToldWithFence[]): void {
    const toldBlocks = told.flatMap(({ fence, shares = 1 }) => (fence === undefined ? [] : [{ first: fence, count: shares }]));
    for (const [i, { first }] of toldBlocks.entries())
      ok(first > (toldBlocks[i - 1]?.first ?? 0), 'fences do not rise as the grants were made');
    for (const { first, count } of [...answered, ...toldBlocks].sort((a, b) => a.first - b.first)) {
      ok(first > this.lastFence, `the fence ${String(first)} after ${String(this.lastFence)}`);
      ok(first >= this.reference.now * 1_000, `the fence ${String(first)} is behind the clock`);
      this.lastFence = first + count - 1;
    }
  }
}

/** In an order that does not depend on whom the store told first. */
function sorted(told: readonly (Told | ToldWithFence)[]): string[] {
  return told.map(({ kind, process, key, token, shares }) => [kind, process, key, token, shares ?? ''].join(' ')).sort();
}
