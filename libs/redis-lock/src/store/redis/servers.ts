import { hashSlot } from './hash-slot.js';
import { isCluster, type Client } from './client-settings.js';

const SCAN_COUNT = 500;

/** The names of all strings that match, by SCAN, on every primary. */
export async function* lockNames(client: Client, match: string): AsyncIterable<string> {
  const servers = isCluster(client) ? client.nodes('master') : [client];
  for (const server of servers) {
    let cursor = '0';
    do {
      const [next, names] = await server.scan(cursor, 'MATCH', match, 'COUNT', SCAN_COUNT, 'TYPE', 'string');
      yield* names;
      cursor = next;
    } while (cursor !== '0');
  }
}

/** Which server answers for a name: in a Cluster the primary of its slot. */
export function serverOf(client: Client, name: string): string {
  if (!isCluster(client)) return '';
  return client.slots[hashSlot(name)]?.[0] ?? '';
}
