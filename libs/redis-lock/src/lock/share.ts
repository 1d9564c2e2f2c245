import type { Linked } from '../runtime/linked-set.js';
import type { Hold } from './hold.js';

/** What one handle has of a hold; outlives the handle, so that one dropped unreleased can be told from a released one. */
export interface Share extends Linked<Share> {
  /** Another one after a downgrade. */
  hold: Hold;
  released: boolean;
  /** The section around it whose turn it took; undefined for a hold of its own. */
  readonly turnOf: { endTurn(): void } | undefined;
  /** The section that runs under it; undefined for a bare handle. */
  section: object | undefined;
  /** The bare handle, while it is too young to be watched by its collection. */
  youngHandle: object | undefined;
}

/** A share that nobody has used yet. All are made here, so that all have one shape. */
export function newShare(hold: Hold, turnOf: Share['turnOf']): Share {
  return { hold, released: false, turnOf, section: undefined, youngHandle: undefined, before: undefined, after: undefined };
}
