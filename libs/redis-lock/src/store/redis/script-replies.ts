import type { PlaceReply, QueuedReply, ReleaseReply } from '../lock-store.interface.js';

/** How the scripts say that something was done. */
export function isDone(reply: unknown): boolean {
  return reply === 1;
}

/** The shape is renew.lua's. */
export function eachDone(reply: unknown): boolean[] {
  return (reply as unknown[]).map(isDone);
}

/** PTTL answers with a negative number where there is no TTL. */
export function known(pttl: number | undefined): number | undefined {
  return pttl === undefined || pttl < 0 ? undefined : pttl;
}

/** Whether the server does not know a script by its digest. */
export function isNoScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}

/** As grant.lua says that a token was queued. */
export function readQueued([, , since, isHead, pttl]: readonly [number, number, number, number, number]): QueuedReply {
  return { status: 'queued', since, isHead: isHead === 1, leaseLeftMs: known(pttl) };
}

/** As heartbeat.lua and release.lua say what became of a place in line; undefined where they say something else. */
export function readPlace(reply: readonly unknown[]): PlaceReply | undefined {
  if (reply[0] === 0) {
    const [, , fence, others, token, shares] = reply as [number, number, number, number, string, number?];
    const grant = { status: 'granted', token, fence, others: others === 1 } as const;
    return shares === undefined ? grant : { ...grant, shares };
  }
  if (reply[0] !== 4) return undefined;
  const [status, now, since, isHead, pttl, token] = reply as [number, number, number, number, number, string];
  return { ...readQueued([status, now, since, isHead, pttl]), token };
}

const NOT_RELEASED: ReleaseReply = { released: false, next: undefined };
const RELEASED: ReleaseReply = { released: true, next: undefined };

/** As release.lua and share-release.lua say it: a number, or what became of the token that was to be put in line. */
export function readReleased(reply: unknown): ReleaseReply {
  if (!Array.isArray(reply)) return isDone(reply) ? RELEASED : NOT_RELEASED;
  return { released: true, next: readPlace(reply) };
}
