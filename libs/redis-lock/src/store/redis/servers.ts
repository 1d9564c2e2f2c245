import type { Redis } from 'ioredis';
import { hashSlot } from './hash-slot.js';
import { isCluster, type Client } from './client-settings.js';

/** The clients of all primaries; none while a Cluster is out of reach. */
export function primaries(client: Client): Redis[] {
  return isCluster(client) ? client.nodes('master') : [client];
}

/** Which server answers for a name: in a Cluster the primary of its slot. */
export function serverOf(client: Client, name: string): string {
  if (!isCluster(client)) return '';
  return client.slots[hashSlot(name)]?.[0] ?? '';
}

/** The client of that server; the Cluster itself where it is not known. */
export function nodeOf(client: Client, name: string): Client {
  if (!isCluster(client)) return client;
  const server = serverOf(client, name);
  return client.nodes('master').find(({ options }) => `${String(options.host)}:${String(options.port)}` === server) ?? client;
}
