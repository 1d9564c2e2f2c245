import { LockStoreError } from '../../errors/lock-store.error.js';
import type { RedisLink } from './redis-link.js';
import { primaries } from './servers.js';

const SCAN_COUNT = 500;

/** The names of all strings that match, by SCAN, on every primary. @throws LockStoreError */
export async function* lockNames(link: RedisLink, match: string): AsyncIterable<string> {
  const servers = primaries(link.client);
  if (servers.length === 0) throw new LockStoreError(`${link.description} failed at scan: no primary is within reach.`);
  for (const server of servers) {
    let cursor = '0';
    do {
      const at = cursor;
      const scan = (): Promise<[string, string[]]> => server.scan(at, 'MATCH', match, 'COUNT', SCAN_COUNT, 'TYPE', 'string');
      const [next, names] = await link.use('scan', scan, server);
      yield* names;
      cursor = next;
    } while (cursor !== '0');
  }
}
