import { hostname } from 'node:os';
import { processOf, type LockStore, type StoredLock } from '../store/lock-store.interface.js';
import type { LockEngine } from './lock-engine.js';
import type { LockHolder, LockState } from './lock-state.js';

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
    const { holder, ageMs } = await this.holder(stored);
    const locked = stored.owner !== undefined || stored.foreignType !== undefined;
    return {
      key,
      locked,
      kind: !locked ? 'free' : holder?.process === undefined ? 'foreign' : 'exclusive',
      holders: holder === undefined ? [] : [holder],
      ...(await this.waiting(stored, holder?.process)),
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

  private async holder({ key, owner, leaseLeftMs, foreignType }: StoredLock): Promise<{ holder?: LockHolder; ageMs?: number }> {
    const unknown = { process: undefined, host: undefined, pid: undefined, fence: undefined, ttlMs: leaseLeftMs, label: undefined };
    if (owner === undefined) return foreignType === undefined ? {} : { holder: unknown };
    const name = processOf(owner);
    if (name === undefined) return { holder: unknown };
    const own = this.engine.keeper.find(owner);
    if (own !== undefined) {
      const { fence, request } = own;
      return { holder: { process: name, host: hostname(), pid: process.pid, fence, ttlMs: leaseLeftMs, label: request.label }, ageMs: 0 };
    }
    const card = await this.store.readCard(name, key);
    const described = card?.held?.token === owner ? card.held : undefined;
    return {
      holder: { process: name, host: card?.host, pid: card?.pid, fence: described?.fence, ttlMs: leaseLeftMs, label: described?.label },
      ...(card === undefined ? {} : { ageMs: card.ageMs }),
    };
  }

  /** A process that holds a lock passes it on to its own callers, and stands in no line for them. */
  private async waiting(
    { key, waiting }: StoredLock,
    holder: string | undefined,
  ): Promise<{ waitingProcesses: number; waitingCallers: number }> {
    const { engine, store } = this;
    const elsewhere = new Set(holder === undefined ? waiting : [...waiting, holder]);
    elsewhere.delete(engine.process);
    const counts = await Promise.all(
      [...elsewhere].map(async (process) => {
        const callers = (await store.readCard(process, key))?.waitingCallers ?? 0;
        return { callers, waits: callers > 0 || waiting.includes(process) };
      }),
    );
    const own = engine.locals.callers(key);
    const waits = own > 0 || waiting.includes(engine.process);
    return {
      waitingProcesses: counts.filter((count) => count.waits).length + (waits ? 1 : 0),
      waitingCallers: counts.reduce((sum, { callers }) => sum + callers, own),
    };
  }
}

function noteOn({ owner, foreignType, leaseLeftMs }: StoredLock): string | undefined {
  if (foreignType !== undefined) return `The key holds a ${foreignType}, which is no lock: another program uses the same name.`;
  if (owner !== undefined && leaseLeftMs === undefined) return 'A foreign lock without a TTL: it stays until somebody deletes it.';
  return undefined;
}
