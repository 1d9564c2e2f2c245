import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Stands before a Redis and lets it say something else in its answers: of the same length, since they carry their lengths. */
export class RetellingProxy {
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(port: number, retell: (answer: string) => string): Promise<RetellingProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address() as AddressInfo; // a TCP server that listens has one
    const proxy = new RetellingProxy(server, `redis://127.0.0.1:${String(address.port)}`);
    server.on('connection', (client) => {
      const upstream = connect(port, '127.0.0.1');
      for (const socket of [client, upstream]) {
        proxy.sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => {
          client.destroy();
          upstream.destroy();
          proxy.sockets.delete(socket);
        });
      }
      client.pipe(upstream);
      upstream.on('data', (answer) => client.write(retell(answer.toString('latin1')), 'latin1'));
    });
    return proxy;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    const closed = once(this.server, 'close');
    this.server.close();
    await closed;
  }
}
