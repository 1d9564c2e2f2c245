import type { ServerResponse } from 'node:http';
import type { HeaderPair } from '../stored-headers.js';
import type { StoredReply } from '../stored-reply.js';

/** Status and headers of a reply. */
export type ReplyHead = Omit<StoredReply, 'body'>;

/** What writeHead() was told, taken apart. */
export interface ToldHead {
  readonly status: number;
  readonly headers: readonly HeaderPair[];
}

/** Reads the arguments of writeHead(status, [message], [headers]); headers are an object, a flat list, or a list of pairs. */
export function readWriteHead(args: readonly unknown[]): ToldHead {
  const [status, second, third] = args;
  const given = typeof second === 'string' ? third : (second ?? third);
  return { status: Number(status), headers: headerLines(given) };
}

function headerLines(given: unknown): HeaderPair[] {
  if (typeof given !== 'object' || given === null) return [];
  if (!Array.isArray(given)) return Object.entries(given).flatMap(([name, value]) => lines(name, value));
  const list: unknown[] = given;
  if (list.every(Array.isArray)) return list.flatMap((pair: unknown[]) => lines(String(pair[0]), pair[1]));
  const read: HeaderPair[] = [];
  for (let i = 0; i + 1 < list.length; i += 2) read.push(...lines(String(list[i]), list[i + 1]));
  return read;
}

function lines(name: string, value: unknown): HeaderPair[] {
  if (Array.isArray(value)) return value.flatMap((one: unknown) => lines(name, one));
  // Node takes numbers too.
  return typeof value === 'string' || typeof value === 'number' ? [[name, String(value)]] : [];
}

/** What a response would send now: what writeHead() was told wins over what was set before. */
export function headOf(response: ServerResponse, told: ToldHead | undefined): ReplyHead {
  // Node has it since version 15, its types only for requests; Http2ServerResponse has none, but there all names are lower case.
  const { getRawHeaderNames } = response as { getRawHeaderNames?: () => string[] };
  const names = getRawHeaderNames?.call(response) ?? response.getHeaderNames();
  const toldNames = new Set(told?.headers.map(([name]) => name.toLowerCase()));
  const set = names.flatMap((name) => (toldNames.has(name.toLowerCase()) ? [] : lines(name, response.getHeader(name))));
  return { status: told?.status ?? response.statusCode, headers: [...set, ...(told?.headers ?? [])] };
}

/** Sets headers as lines, those of one name together. */
export function setHeaderPairs(response: ServerResponse, headers: readonly HeaderPair[]): void {
  const values = new Map<string, { name: string; lines: string[] }>();
  for (const [name, value] of headers) {
    const known = values.get(name.toLowerCase());
    if (known === undefined) values.set(name.toLowerCase(), { name, lines: [value] });
    else known.lines.push(value);
  }
  for (const { name, lines: all } of values.values()) response.setHeader(name, all.length === 1 ? (all[0] ?? '') : all);
}
