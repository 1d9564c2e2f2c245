import { types } from 'node:util';
import { LockOptionsError } from '../errors/lock-options.error.js';
import { bytesOf, digestOf } from './bytes.js';

/** An array or object that is being written. */
interface OpenValue {
  readonly value: object;
  /** The names of an object's members; undefined for an array. */
  readonly names: readonly string[] | undefined;
  readonly length: number;
  next: number;
  isEmpty: boolean;
}

/** From this depth on it is looked, each time the depth has doubled, whether a value is inside itself. */
const DEEP = 64;
const PLAIN_TEXT = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;
const OBJECT_TAG = '[object Object]';

/**
 * Writes a value so that equal requests have equal texts and others do not: as JSON.stringify() does, with the members of objects sorted by code
 * unit. Bytes (buffers, typed arrays) are written as their number and SHA-256; bigints, and numbers that JSON does not have, are told from what
 * JSON would make of them.
 * @throws LockOptionsError for a value whose content JSON does not show (Map, Set, a promise, a function, …), and for one that contains itself
 */
export function canonicalJson(value: unknown): string {
  const root = replaced(value, '');
  if (!isShown(root)) throw refused(root);
  return new CanonicalText().of(root);
}

/** It does not call itself: a client may nest its body as deep as it likes. */
class CanonicalText {
  private text = '';
  private readonly open: OpenValue[] = [];

  of(root: unknown): string {
    this.write(root);
    for (let top = this.open.at(-1); top !== undefined; top = this.open.at(-1)) {
      if (top.next < top.length) this.writeMember(top);
      else {
        this.text += top.names === undefined ? ']' : '}';
        this.open.pop();
      }
    }
    return this.text;
  }

  private writeMember(parent: OpenValue): void {
    const { names } = parent;
    const name = names === undefined ? parent.next : (names[parent.next] ?? '');
    parent.next++;
    // It is an own member, even one called __proto__.
    const value = replaced((parent.value as Record<string | number, unknown>)[name], name);
    const shown = isShown(value);
    if (!shown && names !== undefined) return;
    if (parent.isEmpty) parent.isEmpty = false;
    else this.text += ',';
    if (names !== undefined) this.text += `${quoted(String(name))}:`;
    this.write(shown ? value : null);
  }

  private write(value: unknown): void {
    if (typeof value !== 'object' || value === null) {
      this.text += scalar(value);
      return;
    }
    const bytes = bytesOf(value);
    if (bytes !== undefined) {
      // No JSON begins like it.
      this.text += `#${String(bytes.length)}:${digestOf(bytes)}`;
      return;
    }
    const opened = openedValue(value);
    this.text += opened.names === undefined ? '[' : '{';
    this.open.push(opened);
    if (this.open.length >= DEEP && isPowerOfTwo(this.open.length)) this.refuseCycle(value);
  }

  /** In a cycle, whatever is opened once the depth is twice the cycle's is open already. */
  private refuseCycle(last: object): void {
    if (this.open.findIndex(({ value }) => value === last) === this.open.length - 1) return;
    throw new LockOptionsError('a value that contains itself cannot be compared.');
  }
}

/** What JSON.stringify() would take in the value's place. */
function replaced(value: unknown, name: string | number): unknown {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if ('toJSON' in value && typeof value.toJSON === 'function') return Reflect.apply(value.toJSON, value, [String(name)]) as unknown;
  return types.isBoxedPrimitive(value) ? value.valueOf() : value;
}

/** JSON leaves the others out of objects, and has null for them in arrays. */
function isShown(value: unknown): boolean {
  return value !== undefined && typeof value !== 'function' && typeof value !== 'symbol';
}

function scalar(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'bigint') return `${String(value)}n`;
  // NaN and the infinities keep their names, where JSON has null; -0 is 0.
  return String(value);
}

/** Halves of surrogate pairs come out escaped, so that no two texts are one in UTF-8. */
function quoted(text: string): string {
  return text.length < 100 && PLAIN_TEXT.test(text) ? `"${text}"` : JSON.stringify(text);
}

function openedValue(value: object): OpenValue {
  if (Array.isArray(value)) return { value, names: undefined, length: value.length, next: 0, isEmpty: true };
  const prototype: unknown = Object.getPrototypeOf(value);
  // Of a Map, a promise or a URLSearchParams JSON shows nothing, whatever is in it.
  if (prototype !== Object.prototype && prototype !== null && Object.prototype.toString.call(value) !== OBJECT_TAG) throw refused(value);
  const names = Object.keys(value).sort();
  return { value, names, length: names.length, next: 0, isEmpty: true };
}

function isPowerOfTwo(count: number): boolean {
  return (count & (count - 1)) === 0;
}

function refused(value: unknown): LockOptionsError {
  if (types.isPromise(value)) value.catch(() => undefined); // reported here, whatever becomes of it
  const kind = typeof value === 'object' ? Object.prototype.toString.call(value).slice('[object '.length, -1) : typeof value;
  return new LockOptionsError(`a value of type ${kind} cannot be compared.`);
}
