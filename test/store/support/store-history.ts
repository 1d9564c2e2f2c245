import type { Random } from '../../faults/support/random.js';
import { systemClock } from '../../../libs/redis-lock/src/runtime/system-clock.js';
import { shareToken, type Sharing } from '../../../libs/redis-lock/src/store/sharing.js';
import { GRACE_MS, LEASE_MS, READING, SharedKey, nextOf, permitOf } from './shared-key.js';
import type { StoreProcess, StoreStage } from './store-stage.js';

const KEYS = ['stock', 'orders'];
const KINDS: readonly (Sharing | undefined)[] = [undefined, undefined, READING, READING, permitOf(1), permitOf(2)];
/** Processes that hear what they are told; one more stands in line and is not there any more. */
const LIVING = 3;

/** A command whose tokens are numbers: which ones they are differs from store to store. */
interface Step {
  readonly what: string;
  readonly process: number;
  readonly key: string;
  readonly sharing: Sharing | undefined;
  readonly token: number;
  readonly other: number;
  readonly count: number;
  /** Which share of the token. */
  readonly share: number;
}

const COMMANDS = [
  'ask',
  'ask',
  'queue',
  'queue',
  'queue',
  'queue',
  'release',
  'release',
  'release',
  'next',
  'cancel',
  'leave',
  'beat',
  'beat',
  'renew',
];
const RARE = ['extend', 'keep', 'downgrade', 'force', 'together', 'confirm', 'dead', 'deadBeat'];

/** What a store is asked in one history. Most commands are about tokens that were seen before. */
export function randomSteps(random: Random, length: number): Step[] {
  // Mostly kinds that go together, as in life.
  const kinds = pick(random, [KINDS.slice(0, 4), KINDS.slice(0, 4), KINDS.slice(4, 5), KINDS.slice(5), KINDS]);
  return Array.from({ length }, (_, i) => {
    const isNew = ['ask', 'queue', 'together', 'dead'];
    const what = below(random, 5) === 0 ? pick(random, RARE) : pick(random, COMMANDS);
    return {
      what,
      process: below(random, LIVING),
      key: below(random, 4) === 0 ? (KEYS[1] ?? '') : (KEYS[0] ?? ''),
      sharing: pick(random, kinds),
      token: isNew.includes(what) ? i : below(random, Math.max(1, i)),
      other: i,
      count: pick(random, [1, 1, 2, 3]),
      share: pick(random, [0, 0, 0, 1, 2]),
    };
  });
}

/** Plays steps on a store and writes down what it answers, with the numbers of tokens in place of them. */
export class StoreHistory {
  private readonly tokens = new Map<number, { token: string; owner: number; key: string; sharing: Sharing | undefined }>();
  private readonly written: unknown[] = [];

  private constructor(
    private readonly stage: StoreStage,
    private readonly processes: readonly StoreProcess[],
  ) {}

  /** @param tick lets a moment pass, where commands could else arrive at the same one */
  static async play(stage: StoreStage, steps: readonly Step[], tick: () => Promise<void>): Promise<unknown[]> {
    const processes: StoreProcess[] = [];
    for (let i = 0; i < LIVING; i++) processes.push(await stage.connect());
    const history = new StoreHistory(stage, processes);
    for (const step of steps) {
      const reply = await history.take(step);
      const locks = [];
      for (const key of KEYS) locks.push(await history.look(key));
      history.written.push({ step, reply: history.numbered(reply), locks });
      await tick();
    }
    return [...history.written, ...(await history.heard())];
  }

  private async take(step: Step): Promise<unknown> {
    const known = this.tokens.get(step.token);
    // About a token as it was used before, or now for the first time.
    const { owner, token, key, sharing } = known ?? this.note(step.token, step, step.what.startsWith('dead') ? LIVING : step.process);
    const { store } = this.processes[owner] ?? this.first;
    const share = sharing === undefined ? token : shareToken(token, step.share);
    const lease = { key, token: share, leaseMs: LEASE_MS, sharing };
    const arriving = { key, token, leaseMs: GRACE_MS, deadlineMs: 1_000, sharing };
    const sent = systemClock.now();
    // A process has one entry in a line.
    if (['queue', 'next', 'dead'].includes(step.what)) {
      const { waiting } = await this.first.store.inspect(key);
      if (waiting.includes(token.slice(0, 12))) return 'in line already';
    }
    switch (step.what) {
      case 'ask':
      case 'queue': {
        const queue = step.what === 'ask' ? undefined : { graceMs: GRACE_MS, since: undefined, count: step.count };
        return store.grant({ key, token, leaseMs: LEASE_MS, reserve: sharing === undefined ? 1 : step.count, sharing, queue, sent });
      }
      case 'release':
        return store.release({ key, token: share, keepMs: 0, sharing });
      case 'keep':
        return store.release({ key, token: share, keepMs: LEASE_MS, sharing });
      case 'next':
        return store.release({
          key,
          token: share,
          keepMs: 0,
          sharing,
          next: nextOf(this.another(step, owner, key, sharing), sharing?.kind === 'read' ? step.count : 1),
        });
      case 'cancel':
      case 'leave':
        return store[step.what](key, token, sharing);
      case 'beat':
        return store.heartbeat({
          ...nextOf(this.another(step, owner, key, sharing), sharing?.kind === 'read' ? step.count : 1),
          key,
          current: token,
          since: undefined,
          sharing,
        });
      case 'renew':
        return store.renew([lease]);
      case 'extend':
        return store.extend({ ...lease, leaseMs: LEASE_MS / step.count });
      case 'downgrade': {
        const done = await store.downgrade(lease);
        if (done) this.tokens.set(step.token, { token, owner, key, sharing: READING });
        return done;
      }
      case 'confirm':
        return store.confirm({ ...lease, reserve: 2 });
      case 'force':
        return store.forceRelease(key);
      case 'together':
        return store.grantAll({
          claims: KEYS.map((name) => ({ key: name, token: name === key ? token : this.another(step, owner, name, undefined) })),
          leaseMs: LEASE_MS,
          sent,
        });
      case 'dead':
        return this.stage.arrive({ ...arriving, queues: true });
      default:
        return this.stage.arriveHeartbeat({ ...arriving, token: this.another(step, owner, key, sharing), current: token });
    }
  }

  private get first(): StoreProcess {
    const [first] = this.processes;
    if (first === undefined) throw new RangeError('There is no process.');
    return first;
  }

  private another(step: Step, owner: number, key: string, sharing: Sharing | undefined): string {
    return this.note(step.other + 0.5, { key, sharing }, owner).token;
  }

  private note(
    id: number,
    { key, sharing }: Pick<Step, 'key' | 'sharing'>,
    owner: number,
  ): { token: string; owner: number; key: string; sharing: Sharing | undefined } {
    const own = this.processes[owner] ?? this.first;
    const made = own.token();
    const token = owner === LIVING ? `dead${'d'.repeat(8)}.${made.slice(13)}` : made;
    const noted = { token, owner, key, sharing };
    this.tokens.set(id, noted);
    return noted;
  }

  private async look(key: string): Promise<unknown> {
    const { owner, sharing, shares, leaseLeftMs, waiting } = await this.first.store.inspect(key);
    return this.numbered({
      owner,
      sharing,
      shares: shares.map(({ token, leaseLeftMs: left }) => `${this.named(token)} ${inSeconds(left)}`).sort(),
      left: leaseLeftMs === undefined ? undefined : inSeconds(leaseLeftMs),
      waiting: waiting.map((name) => this.processes.findIndex((process) => process.name === name)),
    });
  }

  /** What each process was told, when it is sure that there is no more to come. */
  private async heard(): Promise<unknown[]> {
    const last = await SharedKey.open(this.stage);
    for (const process of this.processes) await last.heard(process);
    return this.processes.map(({ granted, others, forced }) =>
      this.numbered({ granted, others, forced: forced.filter((text) => !text.startsWith('heard')).map((text) => text.split(' ')) }),
    );
  }

  private named(token: string): string {
    const [made = '', share] = token.split('/');
    const id = [...this.tokens].find(([, noted]) => noted.token === made)?.[0];
    return id === undefined ? token : `token ${String(id)}${share === undefined ? '' : `/${share}`}`;
  }

  /** The same in all stores that do the same: no clock is in it. */
  private numbered(reply: unknown): unknown {
    const text = JSON.stringify(reply ?? null, (name, value: unknown) => {
      if (name === 'now' || name === 'since' || name === 'fence' || name === 'fences') return undefined;
      if (name === 'leaseLeftMs' && typeof value === 'number') return inSeconds(value);
      return typeof value === 'string' ? this.named(value) : value;
    });
    return JSON.parse(text) as unknown;
  }
}

/** Roughly: commands take their time. */
function inSeconds(ms: number): string {
  return `${String(Math.round(ms / 5_000) * 5)} s`;
}

function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

function pick<T>(random: Random, from: readonly T[]): T {
  return from[below(random, from.length)] as T; // one of them; undefined may be one itself
}
