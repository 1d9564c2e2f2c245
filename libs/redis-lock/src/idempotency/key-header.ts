/** What a request says about its key. `reason` is for the client; it does not repeat what was sent. */
export type KeyHeader =
  { readonly kind: 'key'; readonly key: string } | { readonly kind: 'missing' } | { readonly kind: 'invalid'; readonly reason: string };

const LONGEST_OCTETS = 255;
/** What a Structured Field string is made of (RFC 9651, section 3.3.3); the whole header may have no other characters. */
const PRINTABLE = /^[\x20-\x7e]*$/;
/** The whole of a quoted string, its content still escaped. What stands behind it is caught apart. */
const QUOTED = /^"((?:[^"\\]|\\["\\])*)"(.*)$/;
/** Parameters (RFC 9651, section 3.1.2): a key, and a number, string, token, boolean, byte sequence or date. */
const PARAMETERS =
  /^(?:; *[a-z*][a-z\d_\-.*]*(?:=(?:@?-?\d{1,15}(?:\.\d{1,3})?|"(?:[^"\\]|\\["\\])*"|[A-Za-z*][!#$%&'*+\-.^_`|~\dA-Za-z:/]*|\?[01]|:[A-Za-z\d+/]*={0,2}:))?)*$/;
const SPACE_AROUND = /^[ \t]+|[ \t]+$/g;

/**
 * Reads the header that carries the key, as draft-ietf-httpapi-idempotency-key-header-07 has it: a Structured Field item that is a string, `"k"`.
 * Most clients send the key without quotes; `k` and `"k"` are the same key. Without quotes there may be neither quotes nor commas in it: nobody
 * could tell them from two headers that a proxy has joined. Parameters behind a quoted key have no meaning and are passed over.
 * @param raw the header's value
 * @param rawHeaders the request's names and values by turns, as Node has received them: in `raw` those of a name are joined
 * @param name the header's name, in any case
 */
export function readKeyHeader(raw: string | readonly string[] | undefined, rawHeaders: readonly string[], name: string): KeyHeader {
  if (raw === undefined) return { kind: 'missing' };
  if (Array.isArray(raw) ? raw.length > 1 : countOf(name, rawHeaders) > 1) return invalid('it was sent more than once');
  const text = String(raw).replace(SPACE_AROUND, '');
  if (!PRINTABLE.test(text)) return invalid('it has control or non-ASCII characters');
  return text.startsWith('"') ? quotedKey(text) : bareKey(text);
}

function quotedKey(text: string): KeyHeader {
  const [, content, rest = ''] = QUOTED.exec(text) ?? [];
  if (content === undefined || !PARAMETERS.test(rest)) return invalid('its quotes do not enclose one string');
  return checkedKey(content.includes('\\') ? content.replace(/\\(.)/g, '$1') : content);
}

function bareKey(text: string): KeyHeader {
  if (text.includes('"')) return invalid('its quotes do not enclose one string');
  if (text.includes(',')) return invalid('it is a list; a key with a comma has to be in quotes');
  return checkedKey(text);
}

function checkedKey(key: string): KeyHeader {
  if (/^ *$/.test(key)) return invalid('it is empty');
  // One octet each: all are ASCII.
  if (key.length > LONGEST_OCTETS) return invalid(`it has more than ${String(LONGEST_OCTETS)} octets`);
  return { kind: 'key', key };
}

function invalid(reason: string): KeyHeader {
  return { kind: 'invalid', reason };
}

function countOf(name: string, rawHeaders: readonly string[]): number {
  const wanted = name.toLowerCase();
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const given = rawHeaders[at];
    if (given?.length === wanted.length && given.toLowerCase() === wanted) count++;
  }
  return count;
}
