import { LockOptionsError } from '../errors/lock-options.error.js';

/** `{order.id}`: root `order`, path `['id']`. */
export interface Placeholder {
  /** As it is written, with its braces. */
  readonly text: string;
  /** The name of a parameter, or its position. */
  readonly root: string;
  readonly path: readonly string[];
}

/** A key template taken apart: one literal more than placeholders, so that each placeholder stands between two literals. */
export interface KeyTemplate {
  readonly text: string;
  readonly literals: readonly string[];
  readonly placeholders: readonly Placeholder[];
}

const PIECE = /\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+/g;
const STEP = /^[^\s.{}]+$/;
const ROOT = /^(?:[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*|0|[1-9]\d*)$/u;

/**
 * Takes a template apart: `{name}`, `{name.path}` and `{0.path}` are placeholders, `{{` and `}}` are braces.
 * @throws LockOptionsError
 */
export function parseKeyTemplate(text: string): KeyTemplate {
  const literals: string[] = [];
  const placeholders: Placeholder[] = [];
  let literal = '';
  for (const [piece, inside] of text.matchAll(PIECE)) {
    if (inside !== undefined) {
      literals.push(literal);
      literal = '';
      placeholders.push(placeholder(piece, inside, text));
    } else if (piece === '{' || piece === '}') {
      throw new LockOptionsError(`a '${piece}' in the template '${text}' stands alone. Write '${piece}${piece}' for a brace.`);
    } else {
      literal += piece === '{{' ? '{' : piece === '}}' ? '}' : piece;
    }
  }
  return { text, literals: [...literals, literal], placeholders };
}

function placeholder(piece: string, inside: string, text: string): Placeholder {
  const [root = '', ...path] = inside.split('.');
  if (!ROOT.test(root) || !path.every((step) => STEP.test(step))) {
    throw new LockOptionsError(
      `'${piece}' in the template '${text}' names nothing. Write a parameter's name, {productId}, a path into it, {order.id}, or a position, {0}.`,
    );
  }
  return { text: piece, root, path };
}
