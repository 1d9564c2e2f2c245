import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { findRedisServer, freePort } from '../../../tools/redis-server.mjs';
import { OwnRedis } from '../../faults/support/own-redis.js';
import { until } from '../../faults/support/until.js';

const START_MS = 20_000;
export const PRIMARY_NAME = 'locks-primary';

/** A primary, a replica and one Sentinel over them, of one test's own. */
export class OwnSentinel {
  private constructor(
    readonly primary: OwnRedis,
    readonly replica: OwnRedis,
    readonly port: number,
    private readonly sentinel: ChildProcess,
    private readonly folder: string,
  ) {}

  static async start(): Promise<OwnSentinel> {
    const primary = await OwnRedis.start(['--repl-diskless-sync-delay', '0']);
    const replica = await OwnRedis.start(['--replicaof', '127.0.0.1', String(primary.port)]);
    const folder = await mkdtemp(join(tmpdir(), 'own-sentinel-'));
    const port = await freePort();
    const config = join(folder, 'sentinel.conf');
    await writeFile(
      config,
      [
        `port ${String(port)}`,
        'bind 127.0.0.1',
        `dir ${folder}`,
        `sentinel monitor ${PRIMARY_NAME} 127.0.0.1 ${String(primary.port)} 1`,
        `sentinel down-after-milliseconds ${PRIMARY_NAME} 500`,
        `sentinel failover-timeout ${PRIMARY_NAME} 5000`,
      ].join('\n'),
    );
    const { file, argv0 } = await findRedisServer();
    const sentinel = spawn(file, [config, '--sentinel'], { argv0, stdio: 'ignore' });
    const kill = () => void sentinel.kill('SIGKILL');
    process.once('exit', kill);
    sentinel.once('exit', () => process.off('exit', kill));
    const own = new OwnSentinel(primary, replica, port, sentinel, folder);
    try {
      await own.whenReady();
    } catch (error) {
      await own.stop();
      throw error;
    }
    return own;
  }

  async stop(): Promise<void> {
    if (this.sentinel.exitCode === null && this.sentinel.signalCode === null) {
      const exited = once(this.sentinel, 'exit');
      this.sentinel.kill('SIGKILL');
      await exited;
    }
    await Promise.all([this.primary.stop(), this.replica.stop()]);
    await rm(this.folder, { recursive: true, force: true });
  }

  /** It knows the replica, which is in step. */
  private async whenReady(): Promise<void> {
    const client = new Redis({ host: '127.0.0.1', port: this.port, retryStrategy: () => 50 });
    client.on('error', () => undefined);
    try {
      await until('Sentinel knows the replica', START_MS, async () => {
        const replicas = (await client.call('SENTINEL', 'REPLICAS', PRIMARY_NAME).catch(() => [])) as unknown[]; // as the command is documented
        return JSON.stringify(replicas).includes('"ok"');
      });
    } finally {
      client.disconnect();
    }
  }
}
