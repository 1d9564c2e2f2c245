import { once } from 'node:events';
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';
import type { Redis } from 'ioredis';
import type { Owned } from './owned.js';
import type { OwnRedis } from './own-redis.js';
import { until } from './until.js';

/** One command, as the server ran it. */
export interface RanCommand {
  readonly args: readonly string[];
  /** Called by a script. */
  readonly isInside: boolean;
}

/**
 * Every command that a server runs from now on, in its order, those that scripts call included. Over a bare socket: a client that looks at
 * each reply loses track when a busy server's lines come along with the reply to MONITOR itself.
 */
export async function watchCommands(owned: Owned, redis: OwnRedis): Promise<RanCommand[]> {
  const socket = createConnection(redis.port, '127.0.0.1');
  owned.add({ stop: async () => void socket.destroy() });
  // The server's end is a close like any other here.
  socket.on('error', () => undefined);
  const lines = createInterface({ input: socket });
  const accepted = once(lines, 'line');
  socket.write('MONITOR\r\n');
  await accepted;
  const ran: RanCommand[] = [];
  lines.on('line', (line) => ran.push(readLine(line)));
  return ran;
}

/** Takes out what was run so far, also what the server's lines have not told of yet. */
export async function takeCommands(observer: Redis, ran: RanCommand[]): Promise<RanCommand[]> {
  const word = `until-${String(process.hrtime.bigint())}`;
  await observer.echo(word);
  const told = (): number => ran.findIndex(({ args }) => args[1] === word);
  await until('the server has told so far', 5_000, () => told() >= 0);
  return ran.splice(0, told() + 1);
}

/** `+<time> [<database> <source>] "<name>" "<argument>" …` */
function readLine(line: string): RanCommand {
  const args = [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, arg = '']) => arg);
  return { args, isInside: /^\S+ \[\d+ lua\]/.test(line) };
}

/** The members that a command writes into a sorted set: marks, entries of a line, shares. */
export function membersAdded({ args }: RanCommand): string[] {
  const [name = '', , ...rest] = args;
  if (name.toLowerCase() !== 'zadd') return [];
  // Behind options such as LT each member follows its score.
  return rest.slice(rest.findIndex((arg) => Number.isFinite(Number(arg)))).filter((_, i) => i % 2 === 1);
}

/** What each command of a client made the server do, itself first. */
export function byClientCommand(ran: readonly RanCommand[]): RanCommand[][] {
  const groups: RanCommand[][] = [];
  for (const command of ran) {
    if (command.isInside) groups.at(-1)?.push(command);
    else groups.push([command]);
  }
  return groups;
}

/** The shares that a command wrote: of those who got one, or had it prolonged. */
export function sharesWritten(ran: readonly RanCommand[]): string[] {
  return ran.flatMap(membersAdded).filter((member) => member.startsWith('h'));
}
