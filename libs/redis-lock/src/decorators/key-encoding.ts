/** Stands behind a value where the template puts nothing usable there. No encoded value contains it. */
const END_OF_VALUE = '%.';
/**
 * Encoded in every value: the mark of the encoding, what separates the parts of a key by custom, what the protocol keeps for itself,
 * and what a key must not contain, half a surrogate pair included.
 */
const ALWAYS = String.raw`%:{}~\u0000-\u001f\u007f-\u009f\p{Cs}`;
/** What an encoded value is made of: a separator must be none of it. */
const OF_THE_ENCODING = /[%0-9A-Fu\ud800-\udfff]/;
const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;

/** Writes the text of a placeholder's value so that where it ends in the key can be told again. */
export type EncodeValue = (value: string) => string;

/**
 * How the value before a literal is written. A character of the literal is its separator and is encoded in the value, which therefore ends where
 * the separator first appears: two different argument lists cannot make one key. Ordinary values (UUIDs, addresses, numbers) stay readable.
 * @param following the literal after the value; undefined for the last one, which nothing has to be told from
 */
export function encodingBefore(following: string | undefined): EncodeValue {
  const separator = following === undefined ? '' : separatorOf(following);
  const pattern = new RegExp(`[${ALWAYS}${separator === '' ? '' : unicodeEscape(separator)}]`, 'gu');
  const end = following !== undefined && separator === '' ? END_OF_VALUE : '';
  return (value) => value.replace(pattern, encodeCharacter) + end;
}

/** Punctuation rather than a letter, since values are mostly letters and digits. */
function separatorOf(literal: string): string {
  const candidates = literal.split('').filter((char) => !OF_THE_ENCODING.test(char));
  return candidates.find((char) => !LETTER_OR_DIGIT.test(char)) ?? candidates[0] ?? '';
}

function encodeCharacter(char: string): string {
  const code = char.charCodeAt(0);
  const hex = code.toString(16).toUpperCase();
  return code > 0xff ? `%u${hex.padStart(4, '0')}` : `%${hex.padStart(2, '0')}`;
}

function unicodeEscape(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
