import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What is held back: what Redis says to subscribers, everything that it says, or what clients ask on the connections there are by then. */
export type Held = 'messages' | 'everything' | 'requests';

const SUBSCRIBE = 'subscribe';

/** Stands between clients and a Redis, on loopback, and holds back what either side says until it is let go, also when clients have gone by then. */
export class QuietProxy {
  private readonly links = new Set<QuietLink>();
  private held: Held | undefined;
  private heldPieces = 0;

  private constructor(
    private readonly server: Server,
    readonly port: number,
    target: number,
  ) {
    server.on('connection', (client) => {
      const link = new QuietLink(client, createConnection(target, '127.0.0.1'), (isSubscription) => this.isHeld(isSubscription));
      this.links.add(link);
    });
  }

  static async start(target: number): Promise<QuietProxy> {
    const server = createServer({ noDelay: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo; // a TCP server that listens has one
    return new QuietProxy(server, port, target);
  }

  get url(): string {
    return `redis://127.0.0.1:${String(this.port)}`;
  }

  /** How many pieces of what Redis said were held back so far. */
  get pieces(): number {
    return this.heldPieces;
  }

  /** How often a word stands in the requests that are held back. */
  count(word: string): number {
    return [...this.links].reduce((sum, link) => sum + link.count(word), 0);
  }

  hold(what: Held): void {
    if (what === 'requests') for (const link of this.links) link.holdRequests();
    else this.held = what;
  }

  /** What was held back arrives now, in order, and nothing is held back any more. */
  letGo(): void {
    this.held = undefined;
    for (const link of this.links) link.letGo();
  }

  /** The clients of all connections are cut off. What they had asked is still on its way, where it is held back. */
  cutClients(): void {
    for (const link of this.links) link.cutClient();
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    for (const link of this.links) link.cut();
    await closed;
  }

  private isHeld(isSubscription: boolean): boolean {
    const isHeld = this.held === 'everything' || (this.held === 'messages' && isSubscription);
    if (isHeld) this.heldPieces++;
    return isHeld;
  }
}

/** One client's connection through the proxy. */
class QuietLink {
  private isSubscription = false;
  private requests: Buffer[] | undefined;
  private readonly said: Buffer[] = [];

  constructor(
    private readonly client: Socket,
    private readonly server: Socket,
    isHeld: (isSubscription: boolean) => boolean,
  ) {
    server.setNoDelay(true);
    client.on('data', (request: Buffer) => {
      this.isSubscription ||= request.includes(SUBSCRIBE);
      if (this.requests === undefined) server.write(request);
      else this.requests.push(request);
    });
    server.on('data', (said: Buffer) => {
      if (isHeld(this.isSubscription)) this.said.push(said);
      else client.write(said);
    });
    client.on('close', () => {
      if (this.requests === undefined) server.destroy();
    });
    server.on('close', () => client.destroy());
    // A reset is a close like any other here.
    for (const side of [client, server]) side.on('error', () => undefined);
  }

  count(word: string): number {
    return (
      Buffer.concat(this.requests ?? [])
        .toString('latin1')
        .split(word).length - 1
    );
  }

  holdRequests(): void {
    this.requests ??= [];
  }

  letGo(): void {
    for (const said of this.said.splice(0)) this.client.write(said);
    for (const request of this.requests ?? []) this.server.write(request);
    this.requests = undefined;
    if (this.client.destroyed) this.server.end();
  }

  cutClient(): void {
    this.client.destroy();
  }

  cut(): void {
    this.client.destroy();
    this.server.destroy();
  }
}
