import type { Hold } from './hold.js';
import type { Section } from './section.js';

/** What one handle has of a hold; outlives the handle, so that one dropped unreleased can be told from a released one. */
export interface Share {
  readonly hold: Hold;
  released: boolean;
  /** The section around it whose turn it took; undefined for a hold of its own. */
  readonly turnOf: Section | undefined;
  /** The section that runs under it; undefined for a bare handle. */
  section: Section | undefined;
}
