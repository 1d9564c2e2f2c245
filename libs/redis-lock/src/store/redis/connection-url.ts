import type { RedisOptions } from 'ioredis';
import { LockOptionsError } from '../../errors/lock-options.error.js';

const SCHEME = /^rediss?:\/\//i;

/**
 * The ioredis options that a URL stands for, its query included, as ioredis reads them. Given the URL itself, ioredis lets its query win
 * over whatever options stand beside it.
 * @throws LockOptionsError
 */
export function readUrl(text: string): RedisOptions {
  if (!SCHEME.test(text) || !URL.canParse(text)) throw wrongConnection(hidePassword(text));
  const { protocol, hostname, port, username, password, pathname, searchParams } = new URL(text);
  // A query may name any option; ioredis takes the text for its value.
  const options = Object.fromEntries(searchParams) as RedisOptions;
  const family = Number(searchParams.get('family'));
  if (family > 0) options.family = family;
  if (username !== '' || password !== '') {
    options.username = decodeURIComponent(username);
    options.password = decodeURIComponent(password);
  }
  if (pathname.length > 1) options.db = Number.parseInt(pathname.slice(1), 10);
  if (hostname !== '') options.host = hostname.replace(/^\[|\]$/g, '');
  if (port !== '') options.port = Number(port);
  if (protocol === 'rediss:') options.tls ??= {};
  return options;
}

/** A URL as it may be shown. */
export function describeUrl(text: string): string {
  const url = new URL(text);
  return `${url.protocol}//${url.host === '' ? 'localhost' : url.host}${url.pathname === '/' ? '' : url.pathname}`;
}

export function hidePassword(text: string): string {
  return text.replace(/^([a-z]+:(?:\/\/)?)?.*@/is, '$1***@');
}

export function wrongConnection(value: unknown): LockOptionsError {
  const shown = typeof value === 'string' ? `'${value}'` : String(value);
  return new LockOptionsError(
    `connection: ${shown} is no connection. Write 'redis://localhost:6379', ioredis options ({ host, port }), { cluster: [...] }, an ioredis client, or 'memory'.`,
  );
}
