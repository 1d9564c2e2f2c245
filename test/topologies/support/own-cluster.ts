import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { freePort } from '../../../tools/redis-server.mjs';
import { OwnRedis } from '../../faults/support/own-redis.js';
import { until } from '../../faults/support/until.js';

const SLOTS = 16_384;
const START_MS = 20_000;

/** A Redis Cluster of one test's own: three primaries on loopback, no replicas. */
export class OwnCluster {
  private constructor(
    readonly nodes: readonly OwnRedis[],
    /** A plain client of each node. */
    readonly clients: readonly Redis[],
    private readonly folder: string,
  ) {}

  static async start(size = 3): Promise<OwnCluster> {
    const folder = await mkdtemp(join(tmpdir(), 'own-cluster-'));
    const busPorts = await Promise.all(Array.from({ length: size }, freePort));
    const nodes = await Promise.all(
      busPorts.map((bus, i) =>
        OwnRedis.start([
          ...['--cluster-enabled', 'yes', '--cluster-port', String(bus), '--cluster-node-timeout', '2000'],
          ...['--dir', folder, '--cluster-config-file', `node-${String(i)}.conf`, '--cluster-require-full-coverage', 'no'],
        ]),
      ),
    );
    const cluster = new OwnCluster(nodes, await Promise.all(nodes.map((node) => node.client())), folder);
    try {
      await cluster.form(busPorts);
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  get startNodes(): { host: string; port: number }[] {
    return this.nodes.map(({ port }) => ({ host: '127.0.0.1', port }));
  }

  /** The number of the node that owns a slot. */
  ownerOf(slot: number): number {
    return Math.floor((slot * this.nodes.length) / SLOTS);
  }

  /** Moves a slot with everything in it, as a resharding does. */
  async move(slot: number, to: number): Promise<void> {
    const from = this.clients[this.ownerOf(slot)];
    const target = this.clients[to];
    if (from === undefined || target === undefined) throw new Error(`No node ${String(to)}`);
    const [fromId, toId] = [await idOf(from), await idOf(target)];
    await target.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId);
    await from.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId);
    for (;;) {
      const keys = (await from.call('CLUSTER', 'GETKEYSINSLOT', slot, 10)) as string[]; // as the command is documented
      if (keys.length === 0) break;
      await from.call('MIGRATE', '127.0.0.1', String(this.nodes[to]?.port), '', 0, 5_000, 'KEYS', ...keys);
    }
    for (const client of [target, ...this.clients]) await client.call('CLUSTER', 'SETSLOT', slot, 'NODE', toId);
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
    await rm(this.folder, { recursive: true, force: true });
  }

  private async form(busPorts: readonly number[]): Promise<void> {
    const [first] = this.clients;
    for (const [i, client] of this.clients.entries()) {
      const [from, to] = [i, i + 1].map((n) => Math.ceil((n * SLOTS) / this.clients.length)) as [number, number]; // two in, two out
      await client.call('CLUSTER', 'ADDSLOTSRANGE', from, to - 1);
      await first?.call('CLUSTER', 'MEET', '127.0.0.1', String(this.nodes[i]?.port), String(busPorts[i]));
    }
    for (const client of this.clients) {
      await until('the node knows the whole cluster', START_MS, async () => {
        const info = await client.cluster('INFO');
        return info.includes('cluster_state:ok') && info.includes(`cluster_slots_ok:${String(SLOTS)}`);
      });
    }
  }
}

async function idOf(client: Redis): Promise<string> {
  return String(await client.call('CLUSTER', 'MYID'));
}
