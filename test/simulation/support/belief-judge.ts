import type { Hold } from '../../../libs/redis-lock/src/lock/hold.js';
import { markerOf } from '../../../libs/redis-lock/src/store/sharing.js';
import type { ObservedServer, SeenLock } from './observed-server.js';
import type { Participant } from './participant.js';

/** Somebody believes to have a lock, or a share of it. */
export interface Belief {
  readonly participant: Participant;
  readonly hold: Hold;
  /** In ms of true time. */
  readonly trulyLeft: number;
}

/** Rounding of microseconds on the server. */
const TOLERANCE_MS = 0.01;

/** C1 and C2, for locks, readers and permits: who believes at one moment may do so together, and the server agrees, for as long as each of them believes. */
export class BeliefJudge {
  constructor(
    private readonly server: ObservedServer,
    /** Tokens of writers who are becoming readers, and may be either by now. */
    private readonly downgrading: ReadonlySet<string>,
    private readonly fail: (what: string) => void,
  ) {}

  /** Holds each hold of a key against all others of it; those that were taken away by force are none. */
  checkTogether(key: string, beliefs: readonly Belief[]): void {
    if (beliefs.length < 2) return;
    const holds = beliefs.map(({ hold }) => hold);
    const kinds = new Set(holds.map((hold) => this.kindOf(hold)));
    const tell = (what: string): void =>
      this.fail(`C1: ${beliefs.map(({ participant }) => participant.name).join(' and ')} ${what} ${key}`);
    if (kinds.has('alone')) tell('believe to hold at one time, one of them alone,');
    else if (kinds.size > 1) tell('use in different ways at one time');
    const limits = holds.flatMap(({ request: { sharing } }) => (sharing?.kind === 'permit' ? [sharing.limit] : []));
    if (new Set(limits).size > 1) tell('believe to have permits of different limits of');
    if (limits.length > Math.min(...limits)) tell(`believe to have ${String(limits.length)} permits of`);
    if (new Set(holds.map(({ token }) => token)).size < holds.length) tell('believe in one and the same share of');
  }

  /** The server agrees. */
  checkStored({ participant: { name }, hold, trulyLeft }: Belief, stored: SeenLock | undefined): void {
    const { key } = hold;
    const storedMs = this.storedMs(hold, stored);
    if (stored === undefined || storedMs === undefined) {
      this.fail(`C1: ${name} believes to hold ${key} (${this.kindOf(hold)}) for ${trulyLeft.toFixed(2)} ms, and on the server it does not`);
    } else if (Math.min(storedMs, stored.leaseLeftMs ?? Infinity) / this.server.rate < trulyLeft - TOLERANCE_MS) {
      const truly = Math.min(storedMs, stored.leaseLeftMs ?? Infinity) / this.server.rate;
      this.fail(
        `C2: ${name} believes to hold ${key} (${this.kindOf(hold)}) for ${trulyLeft.toFixed(2)} ms, the server for ${truly.toFixed(2)}`,
      );
    }
  }

  /** What is left on the server of what a hold stands for, in ms of its time; undefined where it is not there. */
  private storedMs(hold: Hold, stored: SeenLock | undefined): number | undefined {
    const { token, request } = hold;
    const { sharing } = request;
    if (sharing === undefined && stored?.owner === token) return stored.leaseLeftMs ?? Infinity;
    if (sharing === undefined && !this.downgrading.has(token)) return undefined;
    if (sharing !== undefined && (stored?.sharing === undefined || markerOf(stored.sharing) !== markerOf(sharing))) return undefined;
    return stored?.shares.find((share) => share.token === token)?.leaseLeftMs;
  }

  private kindOf({ token, request: { sharing } }: Hold): 'alone' | 'read' | 'permit' {
    return sharing?.kind ?? (this.downgrading.has(token) ? 'read' : 'alone');
  }
}
