import { sourceTokens, type SourceToken } from './source-tokens.js';

/** One parameter of a function, as its source text shows it. */
export interface SourceParameter {
  /** Undefined where it is destructured. */
  readonly name: string | undefined;
  readonly isRest: boolean;
  readonly hasDefault: boolean;
}

/** The parameters of a function, as its source text shows them. */
export interface ParameterList {
  readonly parameters: readonly SourceParameter[];
  /** The function looks at `arguments`, as compiled code does for parameters it no longer lists. */
  readonly takesMore: boolean;
}

const NATIVE = /\{\s*\[native code\]\s*\}\s*$/;
const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;

/**
 * Reads a function's parameters from its source text: methods of every kind, function expressions and arrow functions.
 * Undefined where there is no text to read (native and bound functions, a Proxy) or it does not agree with the function's `length`.
 */
export function readParameterList(method: (...args: never[]) => unknown): ParameterList | undefined {
  const source = Function.prototype.toString.call(method);
  if (NATIVE.test(source)) return undefined;
  const parameters = parseParameters(source);
  if (parameters === undefined || lengthOf(parameters) !== method.length) return undefined;
  return { parameters, takesMore: /\barguments\b/.test(source) };
}

/** Undefined where the text is not that of a function. */
export function parseParameters(source: string): SourceParameter[] | undefined {
  const tokens = sourceTokens(source);
  const header: SourceToken[] = [];
  let depth = 0;
  for (const token of tokens) {
    if (depth === 0 && isMark(token, '=>')) return parametersOf([header.slice(-1)]);
    if (depth === 0 && isMark(token, '(')) return parametersOf(readGroups(tokens));
    // The name of a computed method, ['anything' + (1)], comes before its parameters.
    if (isMark(token, '[')) depth++;
    if (isMark(token, ']')) depth--;
    header.push(token);
  }
  return undefined;
}

/** What stands between the commas, up to the parenthesis that closes the list. */
function readGroups(tokens: Iterator<SourceToken, void>): SourceToken[][] | undefined {
  const groups: SourceToken[][] = [[]];
  let depth = 0;
  for (let next = tokens.next(); next.done !== true; next = tokens.next()) {
    const token = next.value;
    if (token.kind === 'punctuator') {
      if (depth === 0 && token.text === ')') return groups;
      if (depth === 0 && token.text === ',') {
        groups.push([]);
        continue;
      }
      if ('([{'.includes(token.text)) depth++;
      if (')]}'.includes(token.text)) depth--;
    }
    groups.at(-1)?.push(token);
  }
  return undefined;
}

function parametersOf(groups: SourceToken[][] | undefined): SourceParameter[] | undefined {
  // A comma may stand behind the last one.
  return groups?.filter((group) => group.length > 0).map(parameterOf);
}

function parameterOf(group: SourceToken[]): SourceParameter {
  const isRest = isMark(group[0], '...');
  const first = group[isRest ? 1 : 0];
  const isName = first?.kind === 'word' && IDENTIFIER.test(first.text);
  return { name: isName ? first.text : undefined, isRest, hasDefault: hasDefault(group) };
}

function hasDefault(group: SourceToken[]): boolean {
  let depth = 0;
  return group.some((token) => {
    if (token.kind !== 'punctuator') return false;
    if ('([{'.includes(token.text)) depth++;
    if (')]}'.includes(token.text)) depth--;
    return depth === 0 && token.text === '=';
  });
}

/** As the language counts: up to the first default or rest. */
function lengthOf(parameters: SourceParameter[]): number {
  const optional = parameters.findIndex(({ isRest, hasDefault }) => isRest || hasDefault);
  return optional === -1 ? parameters.length : optional;
}

function isMark(token: SourceToken | undefined, text: string): boolean {
  return token?.kind === 'punctuator' && token.text === text;
}
