import { LockOptionsError } from '../errors/lock-options.error.js';
import { LockStoreError } from '../errors/lock-store.error.js';
import type { Clock, Instant } from '../runtime/clock.js';
import type { GrantReply, LockStore, MismatchReply, QueuedReply, Standing, VoidReply } from '../store/lock-store.interface.js';
import type { Sharing } from '../store/sharing.js';
import type { Arrival } from './arrival.js';
import type { GiveBack } from './give-back.js';
import { Hold, type HoldOwner } from './hold.js';
import type { LeaseKeeper } from './lease-keeper.js';
import type { LockRequest } from './lock-request.js';
import type { NotedTokens } from './noted-tokens.js';
import type { UnderWay } from './under-way.js';
import type { TokenSource } from './token-source.js';

/** A clear answer to an attempt. */
export type Answer = Hold | Busy | Queued;

/** Callers of this process stand in line in the store now, by that token. */
export interface Queued extends QueuedReply {
  readonly token: string;
  /** For how many callers, where they can be served at once. */
  readonly wanted: number;
  readonly sent: Instant;
}

interface SentToken {
  readonly token: string;
  readonly sent: Instant;
}

/** How an attempt is made. */
export interface AttemptTerms {
  /** How many fences to reserve, or how many shares are wanted. Default 1 */
  readonly reserve?: number;
  /** Present where the token is put in line, should the lock be busy. */
  readonly queue?: Standing | undefined;
  /** A moment before the request is sent: what we believe must end before what the server granted. Default now */
  readonly sent?: Instant;
}

/** Somebody else holds the lock. */
export interface Busy {
  readonly status: 'busy';
  /** What is left of the holder's lease, in ms; undefined for a foreign lock without a TTL. */
  readonly leaseLeftMs: number | undefined;
}

/** What an attempt needs. */
export interface AttemptParts {
  readonly store: LockStore;
  readonly clock: Clock;
  readonly tokens: TokenSource;
  readonly keeper: LeaseKeeper;
  readonly giveBack: GiveBack;
  readonly underWay: UnderWay;
  readonly forced: NotedTokens;
}

/** The grant did not reach as many replicas as it was to; another attempt would not either. */
class TooFewReplicasError extends LockStoreError {
  override readonly name = 'LockStoreError';
}

/** Whether a caller who is willing to wait should try again after that error: the store may be back in time. */
export function mayTryAgain(error: unknown): error is LockStoreError {
  return error instanceof LockStoreError && !(error instanceof TooFewReplicasError);
}

/** An operator took it away before its caller entered. */
const TAKEN: Busy = { status: 'busy', leaseLeftMs: undefined };

/** Tells a grant from a busy answer. */
export function isHold(answer: Answer): answer is Hold {
  return answer instanceof Hold;
}

/**
 * This is where a grant is made: one command with a token of its own. Whatever is not a clear answer is taken back
 * under that token, so an attempt that nobody waits for any more never takes the lock later.
 */
export class Attempts {
  constructor(private readonly parts: AttemptParts) {}

  /** One attempt. Rejects with LockStoreError when the answer is not known; then nothing is held, and nobody stands in line. */
  make(local: HoldOwner, request: LockRequest, terms: AttemptTerms): Promise<Answer> {
    const { store, clock, tokens, underWay } = this.parts;
    const { reserve = 1, queue, sent = clock.now() } = terms;
    const { key } = local;
    const token = tokens.next();
    const { leaseMs, sharing } = request;
    if (queue !== undefined) local.onAsked(token);
    underWay.begin();
    // Not async: each further promise costs the uncontended path a per cent.
    return store.grant({ key, token, leaseMs, reserve, sharing, queue, sent }).then(
      (reply) => {
        underWay.end();
        return this.read(local, request, { token, sent }, reply);
      },
      (error: unknown) => {
        underWay.end();
        this.takeBack(key, token, request);
        throw storeError(key, error);
      },
    );
  }

  /** One attempt for several callers at once, who all want such a share: what was granted is for the first of them. Rejects as `make` does. */
  async makeShared(local: HoldOwner, request: LockRequest, wanted: number, queue: Standing): Promise<Arrival | Busy | Queued> {
    const { store, clock, tokens, underWay } = this.parts;
    const { key } = local;
    const { leaseMs, sharing } = request;
    const [token, sent] = [tokens.next(), clock.now()];
    local.onAsked(token);
    underWay.begin();
    try {
      const reply = await store.grant({ key, token, leaseMs, reserve: wanted, sharing, queue, sent });
      if (reply.status === 'granted') return { grant: { ...reply, token }, sent, leaseMs };
      return reply.status === 'queued' ? { ...reply, token, sent, wanted } : this.busy(key, reply, request);
    } catch (error) {
      if (error instanceof LockStoreError) this.takeBack(key, token, request);
      throw storeError(key, error);
    } finally {
      underWay.end();
    }
  }

  private read(local: HoldOwner, request: LockRequest, { token, sent }: SentToken, reply: GrantReply): Answer | Promise<Answer> {
    const { clock, keeper, forced } = this.parts;
    const { key } = local;
    if (reply.status === 'queued') return { ...reply, token, sent, wanted: 1 };
    if (reply.status !== 'granted') return this.busy(key, reply, request);
    if (forced.has(token)) return TAKEN;
    const { leaseMs, replicas } = request;
    const entered = clock.now();
    const hold = new Hold({ key, token, fence: reply.fence, request, sent, entered, leaseMs, owner: local }, clock);
    if (!hold.isHeldAt(entered)) {
      this.takeBack(key, token, request);
      throw new LockStoreError(`The grant of '${key}' arrived after its lease had ended; it was given back.`, { key });
    }
    local.onEntered(hold);
    local.othersWait = reply.others;
    keeper.watch(hold, entered);
    return replicas === undefined ? hold : this.replicate(hold, replicas).then(() => hold);
  }

  /** The lease has to be known to so many replicas before the caller enters. @throws LockStoreError; the lock is given back then */
  async replicate(hold: Hold, { min, timeoutMs }: NonNullable<LockRequest['replicas']>): Promise<void> {
    const { key, token, request } = hold;
    try {
      const { leaseMs, sharing } = request;
      const acknowledged = await this.parts.store.replicate({ key, token, leaseMs, sharing }, min, timeoutMs);
      if (acknowledged >= min && hold.isHeld) return;
      throw new TooFewReplicasError(
        `The lock '${key}' reached ${String(acknowledged)} of ${String(min)} replicas within ${String(timeoutMs)} ms; it was given back.`,
        { key },
      );
    } catch (error) {
      const { sharing } = request;
      // Others may have shares that were granted with the same token.
      if (sharing === undefined) this.takeBack(key, token, { leaseMs: hold.longestLease, sharing });
      else this.parts.giveBack.returnShare(key, token, hold.longestLease, sharing);
      this.parts.keeper.forget(hold);
      // Nobody has entered; whoever came to wait behind it goes on.
      hold.lose('taken');
      throw storeError(key, error);
    }
  }

  /** @throws LockStoreError for an attempt that did nothing, LockOptionsError for a lock of another kind */
  private busy(key: string, reply: Busy | MismatchReply | VoidReply, { sharing }: LockRequest): Busy {
    if (reply.status === 'busy') return reply;
    if (reply.status === 'mismatch') throw new LockOptionsError(`The lock '${key}' ${inUseAs(reply.found, sharing)}.`, { key });
    throw new LockStoreError(`The attempt to lock '${key}' reached the server after its deadline, and was ignored there.`, { key });
  }

  private takeBack(key: string, token: string, { leaseMs, sharing }: Pick<LockRequest, 'leaseMs' | 'sharing'>): void {
    this.parts.giveBack.cancel(key, token, leaseMs, sharing);
  }
}

/** What somebody is told who wants to use it in another way, which has to wait until it is idle. */
function inUseAs(found: Sharing | undefined, wanted: Sharing | undefined): string {
  if (found === undefined)
    return 'is held as an exclusive lock: permits of it are not to be had until it is idle. Give the semaphore a key of its own';
  if (found.kind === 'read') return 'is being read: permits of it are not to be had until it is idle. Give the semaphore a key of its own';
  const semaphore = `is a semaphore with limit ${String(found.limit)} until it is idle`;
  if (wanted?.kind === 'permit') return `${semaphore}: write that limit, or use another key`;
  return `${semaphore}: take a permit of it with acquirePermit({ limit: ${String(found.limit)} }), or use another key`;
}

function storeError(key: string, error: unknown): unknown {
  if (!(error instanceof LockStoreError) || error.key !== undefined) return error;
  return new LockStoreError(error.message, { key, cause: error.cause ?? error });
}
