/** One byte that a pattern asks for; `'*'` is any number of any bytes. */
type Token = ((byte: number) => boolean) | '*';

const STAR = 0x2a;
const QUESTION_MARK = 0x3f;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const BACKSLASH = 0x5c;
const CARET = 0x5e;
const HYPHEN = 0x2d;

/** A glob as SCAN's MATCH understands it: `*`, `?`, `[a-z]`, `[^x]`, `\` before a literal character; over bytes, as Redis matches. */
export function globPattern(glob: string): { test(text: string): boolean } {
  const tokens = readTokens(Buffer.from(glob));
  return { test: (text) => matches(tokens, Buffer.from(text)) };
}

function matches(tokens: readonly Token[], text: Uint8Array): boolean {
  let token = 0;
  let at = 0;
  /** Where to go on when what follows the last star did not fit: that star takes one byte more. */
  let retry: { token: number; at: number } | undefined;
  while (at < text.length || token < tokens.length) {
    const next = tokens[token];
    const byte = text[at];
    if (next === '*') {
      retry = { token: ++token, at };
    } else if (next !== undefined && byte !== undefined && next(byte)) {
      token++;
      at++;
    } else if (retry !== undefined && retry.at < text.length) {
      ({ token } = retry);
      at = ++retry.at;
    } else {
      return false;
    }
  }
  return true;
}

function readTokens(glob: Uint8Array): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < glob.length; at++) {
    const byte = glob[at];
    if (byte === STAR) {
      tokens.push('*');
    } else if (byte === QUESTION_MARK) {
      tokens.push(() => true);
    } else if (byte === OPEN) {
      const group = readGroup(glob, at + 1);
      tokens.push(group.token);
      at = group.end;
    } else {
      if (byte === BACKSLASH && at + 1 < glob.length) at++;
      tokens.push(literal(glob[at]));
    }
  }
  return tokens;
}

/** `[…]`: Redis takes a range either way round, ends an unclosed group with the pattern, and lets a range end in `]`. */
function readGroup(glob: Uint8Array, start: number): { token: Token; end: number } {
  const isNegated = glob[start] === CARET;
  const members: ((byte: number) => boolean)[] = [];
  let at = isNegated ? start + 1 : start;
  for (; at < glob.length && glob[at] !== CLOSE; at++) {
    const from = glob[at] ?? 0;
    const to = glob[at + 2];
    if (from === BACKSLASH && at + 1 < glob.length) {
      members.push(literal(glob[++at]));
    } else if (glob[at + 1] === HYPHEN && to !== undefined) {
      members.push((byte) => byte >= Math.min(from, to) && byte <= Math.max(from, to));
      at += 2;
    } else {
      members.push(literal(from));
    }
  }
  return { token: (byte) => members.some((fits) => fits(byte)) !== isNegated, end: at };
}

function literal(wanted: number | undefined): (byte: number) => boolean {
  return (byte) => byte === wanted;
}
