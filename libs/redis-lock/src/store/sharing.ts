/** What several may have of one lock at once: reading, or one of so many permits. */
export type Sharing = { readonly kind: 'read' } | { readonly kind: 'permit'; readonly limit: number };

export const READING: Sharing = { kind: 'read' };

const READ_MARKER = '~1:read';
const LIMIT_MARKER = /^~1:limit:(\d+)$/;

/** What stands in place of an owner while a lock is shared: no token looks like it. */
export function markerOf(sharing: Sharing): string {
  return sharing.kind === 'read' ? READ_MARKER : `~1:limit:${String(sharing.limit)}`;
}

/** Tells how a lock is shared by what stands in place of its owner; undefined where it is not shared. */
export function sharingOf(owner: string | undefined): Sharing | undefined {
  if (owner === READ_MARKER) return READING;
  const limit = LIMIT_MARKER.exec(owner ?? '')?.[1];
  return limit === undefined ? undefined : { kind: 'permit', limit: Number(limit) };
}

/** Shares that are granted at once have one token, with a number behind it for all but the first. */
export function shareToken(token: string, index: number): string {
  return index === 0 ? token : `${token}/${String(index)}`;
}

/** The token that a share was granted with. */
export function grantTokenOf(share: string): string {
  const slash = share.indexOf('/');
  return slash === -1 ? share : share.slice(0, slash);
}
