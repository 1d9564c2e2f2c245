/** What Node's response and Fastify's reply call the same. */
export interface HeaderHolder {
  getHeader(name: string): unknown;
}

/** Whatever headers are set on: Node's own response, Express's, or Fastify's reply. */
type HeaderSetter = HeaderHolder & ({ setHeader(name: string, value: string): unknown } | { header(name: string, value: string): unknown });

/** On a reply that was given before. */
export const REPLAYED_HEADER = 'Idempotent-Replayed';
/** On a reply that cannot be replayed: `unstored`, or `bypassed` where the store was not asked. */
export const STATUS_HEADER = 'Idempotency-Status';

const EXPOSED = 'Access-Control-Expose-Headers';
const ALLOWED_ORIGIN = 'Access-Control-Allow-Origin';

export function markReplayed(response: HeaderSetter): void {
  mark(response, REPLAYED_HEADER, 'true');
}

export function markStatus(response: HeaderSetter, status: 'unstored' | 'bypassed'): void {
  mark(response, STATUS_HEADER, status);
}

/** Sets a header that browsers let scripts of other origins read, where those may read anything. */
function mark(response: HeaderSetter, name: string, value: string): void {
  set(response, name, value);
  if (response.getHeader(ALLOWED_ORIGIN) === undefined) return;
  const exposed = [response.getHeader(EXPOSED) ?? []].flat().map(String).join(', ');
  if (exposed.trim() !== '*') set(response, EXPOSED, exposed === '' ? name : `${exposed}, ${name}`);
}

/** Sets a header by the framework's own means. */
export function set(response: HeaderSetter, name: string, value: string): void {
  if ('header' in response) response.header(name, value);
  else response.setHeader(name, value);
}
