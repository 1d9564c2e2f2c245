import { hostname } from 'node:os';
import { processOf, type LockStore, type ProcessCard, type StoredLock } from '../store/lock-store.interface.js';
import type { LockEngine } from './lock-engine.js';
import type { LockHolder, LockState } from './lock-state.js';

type CardOf = (process: string) => Promise<ProcessCard | undefined>;

/** How many locks `list()` looks at at once. */
const AT_ONCE = 32;

/** Tells who holds a lock and who waits for it, from the store, from what processes say of themselves, and from what we know. */
export class LockInspector {
  constructor(
    private readonly store: LockStore,
    private readonly engine: LockEngine,
  ) {}

  async inspect(key: string): Promise<LockState> {
    const stored = await this.store.inspect(key);
    const cardOf = this.cardsOf(key);
    const { holders, ageMs } = await this.holders(stored, cardOf);
    const { sharing } = stored;
    const [holder] = holders;
    return {
      key,
      locked: sharing !== undefined || stored.owner !== undefined || stored.foreignType !== undefined,
      kind: kindOf(stored, holder),
      limit: sharing?.kind === 'permit' ? sharing.limit : undefined,
      holders,
      ...(await this.waiting(stored, new Set(holders.flatMap(({ process: name }) => name ?? [])), cardOf)),
      labelsAgeMs: ageMs,
      note: noteOn(stored),
    };
  }

  async *list(pattern: string): AsyncIterable<LockState> {
    const seen = new Set<string>();
    let batch: string[] = [];
    for await (const key of this.store.keys(pattern)) {
      // SCAN may bring a key twice.
      if (seen.has(key)) continue;
      seen.add(key);
      if (batch.push(key) < AT_ONCE) continue;
      yield* await this.stillLocked(batch);
      batch = [];
    }
    yield* await this.stillLocked(batch);
  }

  private async stillLocked(keys: readonly string[]): Promise<LockState[]> {
    const states = await Promise.all(keys.map((key) => this.inspect(key)));
    return states.filter(({ locked }) => locked);
  }

  /** What each process says of itself and the key, read once. */
  private cardsOf(key: string): CardOf {
    const cards = new Map<string, Promise<ProcessCard | undefined>>();
    return (process) => {
      const reading = cards.get(process) ?? this.store.readCard(process, key);
      cards.set(process, reading);
      return reading;
    };
  }

  private async holders(stored: StoredLock, cardOf: CardOf): Promise<{ holders: LockHolder[]; ageMs: number | undefined }> {
    const { owner, leaseLeftMs, foreignType, shares } = stored;
    if (foreignType !== undefined) return { holders: [{ ...UNKNOWN, ttlMs: leaseLeftMs }], ageMs: undefined };
    const tokens = owner === undefined ? shares : [{ token: owner, leaseLeftMs }];
    const found = await Promise.all(tokens.map((held) => this.holder(held.token, held.leaseLeftMs, cardOf)));
    const ages = found.flatMap(({ ageMs }) => ageMs ?? []);
    return { holders: found.map(({ holder }) => holder), ageMs: ages.length === 0 ? undefined : Math.max(...ages) };
  }

  private async holder(token: string, ttlMs: number | undefined, cardOf: CardOf): Promise<{ holder: LockHolder; ageMs?: number }> {
    const name = processOf(token);
    if (name === undefined) return { holder: { ...UNKNOWN, ttlMs } };
    const own = this.engine.keeper.find(token);
    if (own !== undefined) {
      const { fence, request } = own;
      return { holder: { process: name, host: hostname(), pid: process.pid, fence, ttlMs, label: request.label }, ageMs: 0 };
    }
    const card = await cardOf(name);
    const described = card?.held.find((held) => held.token === token);
    return {
      holder: { process: name, host: card?.host, pid: card?.pid, fence: described?.fence, ttlMs, label: described?.label },
      ...(card === undefined ? {} : { ageMs: card.ageMs }),
    };
  }

  /** A process that holds a lock passes it on to its own callers, and stands in no line for them. */
  private async waiting(
    { key, waiting }: StoredLock,
    holders: ReadonlySet<string>,
    cardOf: CardOf,
  ): Promise<{ waitingProcesses: number; waitingCallers: number }> {
    const { engine } = this;
    const elsewhere = new Set([...waiting, ...holders]);
    elsewhere.delete(engine.process);
    const counts = await Promise.all(
      [...elsewhere].map(async (process) => {
        const callers = (await cardOf(process))?.waitingCallers ?? 0;
        return { callers, waits: callers > 0 || waiting.includes(process) };
      }),
    );
    const own = engine.callersWaiting(key);
    const waits = own > 0 || waiting.includes(engine.process);
    return {
      waitingProcesses: counts.filter((count) => count.waits).length + (waits ? 1 : 0),
      waitingCallers: counts.reduce((sum, { callers }) => sum + callers, own),
    };
  }
}

const UNKNOWN = { process: undefined, host: undefined, pid: undefined, fence: undefined, label: undefined };

function kindOf({ owner, foreignType, sharing }: StoredLock, holder: LockHolder | undefined): LockState['kind'] {
  if (sharing !== undefined) return sharing.kind === 'read' ? 'read' : 'semaphore';
  if (owner === undefined && foreignType === undefined) return 'free';
  return holder?.process === undefined ? 'foreign' : 'exclusive';
}

function noteOn({ owner, foreignType, leaseLeftMs }: StoredLock): string | undefined {
  if (foreignType !== undefined) return `The key holds a ${foreignType}, which is no lock: another program uses the same name.`;
  if (owner !== undefined && leaseLeftMs === undefined) return 'A foreign lock without a TTL: it stays until somebody deletes it.';
  return undefined;
}
