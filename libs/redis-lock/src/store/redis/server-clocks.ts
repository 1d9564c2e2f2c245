import type { Redis } from 'ioredis';
import type { Clock } from '../../runtime/clock.js';
import { isCluster } from './client-settings.js';
import type { RedisLink } from './redis-link.js';
import { ServerClock } from './server-clock.js';
import { primaries, serverOf } from './servers.js';

/** One clock per server that answers: another server has another clock. */
export class ServerClocks {
  private readonly clocks = new Map<string, ServerClock>();

  constructor(
    private readonly link: RedisLink,
    private readonly clock: Clock,
  ) {
    // Whoever answers next need not be the same server.
    link.client.on('close', () => this.clocks.clear());
  }

  /**
   * Asks every primary for its time, now and after each new connection, so that the first attempt over it need not be sent twice. Never
   * rejects: where one does not answer, that attempt is. In a Cluster this connects to the primaries as well; a client without an offline
   * queue refuses what is sent to one that is being connected.
   */
  async start(): Promise<void> {
    this.link.client.on('ready', () => void this.learn());
    await this.learn();
  }

  /** The clock of the server that answers for a name. */
  of(name: string): ServerClock {
    return this.at(serverOf(this.link.client, name));
  }

  private async learn(): Promise<void> {
    await Promise.allSettled(primaries(this.link.client).map((server) => this.ask(server)));
  }

  private async ask(server: Redis): Promise<void> {
    const sent = this.clock.now().monotonic;
    const [seconds, micros] = await this.link.use('time', () => server.time(), server);
    this.at(this.nameOf(server)).observe(Number(seconds) * 1e6 + Number(micros), sent, this.clock.now().monotonic);
  }

  private at(server: string): ServerClock {
    let clock = this.clocks.get(server);
    if (clock === undefined) this.clocks.set(server, (clock = new ServerClock()));
    return clock;
  }

  /** As {@link serverOf} says it. */
  private nameOf({ options }: Redis): string {
    return isCluster(this.link.client) ? `${String(options.host)}:${String(options.port)}` : '';
  }
}
