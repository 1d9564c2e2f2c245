import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What becomes of one request that passes. */
export type Fate =
  | { readonly kind: 'pass' }
  /** Both sides are cut before Redis has seen it. */
  | { readonly kind: 'cut-before' }
  /** Redis applies it and answers; the answer is swallowed and both sides are cut. */
  | { readonly kind: 'cut-after' }
  /** As before, but the first bytes of the answer still arrive. */
  | { readonly kind: 'cut-within'; readonly bytes: number }
  /** The client is cut at once; the request reaches Redis later all the same, as from a full buffer on the way. */
  | { readonly kind: 'late'; readonly ms: number; readonly onAnswer?: () => void }
  /** It reaches Redis when it is let go, whatever the client has done by then. The client is not told, and gets no answer. */
  | { readonly kind: 'held'; readonly until: Promise<void>; readonly onAnswer?: () => void }
  /** The answer, and what follows it, arrives that much later. */
  | { readonly kind: 'slow'; readonly ms: number };

/** Decides on each piece of what clients send, as text. */
export type Decide = (request: string) => Fate;

const PASS: Fate = { kind: 'pass' };

/** Stands between clients and a Redis, on loopback, and lets requests and answers go wrong as a test decides. */
export class CuttingProxy {
  private readonly links = new Set<Link>();
  /** Decides on every request; sees all connections. */
  decide: Decide = () => PASS;

  private constructor(
    private readonly server: Server,
    readonly port: number,
    target: number,
  ) {
    server.on('connection', (client) => {
      const link = new Link(
        client,
        createConnection(target, '127.0.0.1'),
        (request) => this.decide(request),
        () => this.links.delete(link),
      );
      this.links.add(link);
    });
  }

  static async start(target: number): Promise<CuttingProxy> {
    const server = createServer({ noDelay: true, allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo; // a TCP server that listens has one
    return new CuttingProxy(server, port, target);
  }

  get url(): string {
    return `redis://127.0.0.1:${String(this.port)}`;
  }

  /** Gives the next request that fits a fate. Resolves when that request came. */
  next(fits: RegExp, fate: Fate): Promise<void> {
    return new Promise((resolve) => {
      this.decide = (request) => {
        if (!fits.test(request)) return PASS;
        this.decide = () => PASS;
        resolve();
        return fate;
      };
    });
  }

  /** Cuts every connection there is. */
  cut(): void {
    for (const link of this.links) link.cut();
  }

  /** From now on nothing gets through on the connections there are; new ones work. */
  silence(): void {
    for (const link of this.links) link.silence();
  }

  /** Nobody can connect any more, and whoever was connected is cut. */
  async vanish(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.cut();
    await closed;
  }

  /** Can be connected to again. */
  async comeBack(): Promise<void> {
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
  }

  async stop(): Promise<void> {
    if (this.server.listening) await this.vanish();
    this.cut();
  }
}

/** One client's connection through the proxy. */
class Link {
  private readonly ended = new AbortController();
  private upstream = Promise.resolve();
  private downstream = Promise.resolve();
  private onReply: (reply: Buffer) => void = (reply) => this.client.write(reply);

  constructor(
    private readonly client: Socket,
    private readonly server: Socket,
    private readonly decide: Decide,
    private readonly onEnd: () => void,
  ) {
    server.setNoDelay(true);
    client.on('data', (request: Buffer) => {
      this.upstream = this.upstream.then(() => this.send(request)).catch(() => this.cut());
    });
    server.on('data', (reply: Buffer) => this.onReply(reply));
    client.on('end', () => this.cut());
    client.on('close', () => this.cut());
    server.on('close', () => this.cut());
    // A reset is a close like any other here.
    client.on('error', () => undefined);
    server.on('error', () => undefined);
  }

  cut(): void {
    this.ended.abort();
    this.client.destroy();
    this.server.destroy();
    this.onEnd();
  }

  /** Neither side is told. */
  silence(): void {
    this.client.removeAllListeners('data').resume();
    this.server.removeAllListeners('data').resume();
    this.client.removeAllListeners('end');
  }

  /** What becomes of the client no longer matters to the server's side. */
  private letClientGo(onAnswer: (() => void) | undefined): void {
    this.client.removeAllListeners('end').removeAllListeners('close');
    this.onReply = () => {
      onAnswer?.();
      this.cut();
    };
  }

  private async send(request: Buffer): Promise<void> {
    const fate = this.decide(request.toString('latin1'));
    switch (fate.kind) {
      case 'cut-before':
        this.cut();
        return;
      case 'cut-after':
        this.onReply = () => this.cut();
        break;
      case 'cut-within':
        this.onReply = (reply) => this.client.write(reply.subarray(0, fate.bytes), () => this.cut());
        break;
      case 'late':
        this.letClientGo(fate.onAnswer);
        this.client.destroy();
        await this.wait(fate.ms);
        break;
      case 'held':
        this.letClientGo(fate.onAnswer);
        await fate.until;
        break;
      case 'slow':
        this.onReply = (reply) => {
          this.downstream = this.downstream
            .then(() => this.wait(fate.ms))
            .then(
              () => void this.client.write(reply),
              () => undefined,
            );
        };
        break;
      case 'pass':
    }
    this.server.write(request);
  }

  /** Resolves after a time, or at once when the connection is cut. */
  private wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.ended.signal.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
