import { hash } from 'node:crypto';
import type { RecordName } from '../store/record-store.interface.js';

/** What makes two requests the same operation. */
export interface Operation {
  /** Whose it is. */
  readonly scope: string;
  readonly method: string;
  /** The route's template: `/orders/:id`. */
  readonly route: string;
  /** The values in the route's path; a wildcard's may be several. */
  readonly params: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The key that the client sent. */
  readonly key: string;
}

/** What makes two requests each other's duplicates. */
export interface GuardedSubmit {
  readonly scope: string;
  readonly key: string;
}

const DIGEST_BYTES = 16;

/** The record of an operation. Its method, route and parameters are part of it: the same key on another path is another operation. */
export function operationName({ scope, method, route, params, key }: Operation): RecordName {
  let parts = part('operation') + part(method) + part(route) + part(key);
  // By code unit: the order in which the router found them must not matter.
  for (const name of Object.keys(params).sort()) parts += parameter(name, params[name]);
  return { scope: scopeDigest(scope), operation: digest(parts) };
}

/** The record of a guard. */
export function guardName({ scope, key }: GuardedSubmit): RecordName {
  return { scope: scopeDigest(scope), operation: digest(part('guard') + part(key)) };
}

/** What all records of a scope have in common, those of operations and of guards. */
export function scopeDigest(scope: string): string {
  return digest(part('scope') + part(scope));
}

/** One that the route leaves out is one that is not there. */
function parameter(name: string, value: string | readonly string[] | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return part(name) + part('one') + part(value);
  return part(name) + part('several') + part(String(value.length)) + value.map(part).join('');
}

/** With its length before it, a text cannot run into the next one. */
function part(text: string): string {
  return `${String(text.length)}:${text}`;
}

/** UTF-16, since in UTF-8 all halves of surrogate pairs would be the same. */
function digest(parts: string): string {
  return hash('sha256', Buffer.from(parts, 'utf16le'), 'buffer').toString('base64url', 0, DIGEST_BYTES);
}
