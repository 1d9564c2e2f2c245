import { once } from 'node:events';
import { Redis } from 'ioredis';
import { startRedisServer, type RedisServer } from '../../../tools/redis-server.mjs';

/** A Redis of one test's own, on loopback and without persistence, that may be killed, paused and brought back on its port. */
export class OwnRedis {
  private readonly clients: Redis[] = [];

  private constructor(private server: RedisServer) {}

  /** @param args further options of the server, for instance `['--maxmemory', '3mb']` */
  static async start(args: string[] = []): Promise<OwnRedis> {
    return new OwnRedis(await startRedisServer({ args }));
  }

  get port(): number {
    return this.server.port;
  }

  get url(): string {
    return this.server.url;
  }

  /** A plain connection that does not belong to the library under test. Closed with the server. */
  async client(): Promise<Redis> {
    const client = new Redis(this.url, { lazyConnect: true, connectionName: 'observer', retryStrategy: () => 20 });
    client.on('error', () => undefined);
    this.clients.push(client);
    await client.connect();
    return client;
  }

  /** As a crash: nothing is said to the clients, and all data is gone. */
  async kill(): Promise<void> {
    const { process: server } = this.server;
    if (server.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, 'exit');
    server.kill('SIGKILL');
    await exited;
  }

  /** Starts again, empty, on the same port. */
  async restart(): Promise<void> {
    await this.kill();
    this.server = await startRedisServer({ port: this.port });
  }

  /** The server keeps its data and its connections, and does nothing. */
  pause(): void {
    this.server.process.kill('SIGSTOP');
  }

  resume(): void {
    this.server.process.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    for (const client of this.clients) client.disconnect();
    await this.kill();
  }
}
