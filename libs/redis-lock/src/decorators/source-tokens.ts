/** A piece of JavaScript: a word (name, keyword, number), a literal, or a punctuator. Comments and space are left out. */
export interface SourceToken {
  readonly kind: 'word' | 'literal' | 'punctuator';
  readonly text: string;
  /** Where the source goes on after it. */
  readonly end: number;
}

const SPACE_OR_COMMENT = /(?:\s|\/\/[^\n\r\u2028\u2029]*|\/\*[^]*?\*\/)*/y;
const WORD =
  /(?:[\p{ID_Start}$_]|\\u\{[\da-fA-F]+\}|\\u[\da-fA-F]{4})(?:[\p{ID_Continue}$\u200c\u200d]|\\u\{[\da-fA-F]+\}|\\u[\da-fA-F]{4})*|\.?\d[\w.]*/uy;
const STRING = /"(?:[^"\\]|\\[^])*"|'(?:[^'\\]|\\[^])*'/y;
const REGEXP = /\/(?:[^/\\[\n\r]|\\.|\[(?:[^\]\\\n\r]|\\.)*\])+\/[a-z]*/y;
const PUNCTUATOR = /\.\.\.|=>|\+\+|--|[^]/y;

/** After these words an expression begins, so that a slash is a regular expression and no division. */
const BEFORE_EXPRESSION = new Set('await case delete do else in instanceof new of return throw typeof void yield'.split(' '));
/** After the parentheses of these a statement begins. */
const BEFORE_CONDITION = new Set(['if', 'while', 'for', 'with']);

/**
 * Reads the source text of a function piece by piece, as far as the caller asks. It tells a regular expression from a division by what stands
 * before the slash, which is all that valid code needs outside of the strangest cases. What it cannot read ends the pieces early.
 */
export function* sourceTokens(source: string, start = 0): Generator<SourceToken, void, undefined> {
  /** For each open bracket, whether it holds the condition of a statement. */
  const brackets: boolean[] = [];
  let before: SourceToken | undefined;
  let isProperty = false;
  let at = start;
  let isExpression = true;
  for (;;) {
    at += textAt(SPACE_OR_COMMENT, source, at)?.length ?? 0;
    if (at >= source.length) return;
    const token = tokenAt(source, at, isExpression);
    if (token === undefined) return;
    let closesCondition = false;
    if (token.kind === 'punctuator' && '([{'.includes(token.text)) {
      brackets.push(before?.kind === 'word' && BEFORE_CONDITION.has(before.text));
    } else if (token.kind === 'punctuator' && ')]}'.includes(token.text)) {
      closesCondition = brackets.pop() ?? false;
    }
    isExpression = canPrecedeExpression(token, isProperty) || closesCondition;
    isProperty = token.text === '.' || token.text === '#';
    before = token;
    at = token.end;
    yield token;
  }
}

function tokenAt(source: string, at: number, isExpression: boolean): SourceToken | undefined {
  const first = source.charAt(at);
  if (first === '`') return token('literal', templateAt(source, at), at);
  if (first === '"' || first === "'") return token('literal', textAt(STRING, source, at), at);
  if (first === '/' && isExpression) return token('literal', textAt(REGEXP, source, at), at);
  return token('word', textAt(WORD, source, at), at) ?? token('punctuator', textAt(PUNCTUATOR, source, at), at);
}

function canPrecedeExpression({ kind, text }: SourceToken, isProperty: boolean): boolean {
  if (kind === 'literal') return false;
  // After a dot a keyword is the name of a property.
  if (kind === 'word') return BEFORE_EXPRESSION.has(text) && !isProperty;
  return ![')', ']', '++', '--'].includes(text);
}

function token(kind: SourceToken['kind'], text: string | undefined, at: number): SourceToken | undefined {
  return text === undefined ? undefined : { kind, text, end: at + text.length };
}

/** A whole template literal. The code in it is read as code: it may hold further templates. */
function templateAt(source: string, start: number): string | undefined {
  for (let at = start + 1; at < source.length; at++) {
    const char = source.charAt(at);
    if (char === '`') return source.slice(start, at + 1);
    if (char === '\\') at++;
    if (char === '$' && source.charAt(at + 1) === '{') at = endOfBlock(source, at + 1) - 1;
  }
  return undefined;
}

/** Where the source goes on after the block that opens at `start`. */
function endOfBlock(source: string, start: number): number {
  let depth = 0;
  for (const { kind, text, end } of sourceTokens(source, start)) {
    if (kind !== 'punctuator') continue;
    if (text === '{') depth++;
    if (text === '}' && --depth === 0) return end;
  }
  return source.length;
}

function textAt(pattern: RegExp, source: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0];
}
