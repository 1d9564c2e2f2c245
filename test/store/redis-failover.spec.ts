import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';
import { Locks } from '../faults/support/locks.js';
import { ownedByEachTest, type Stoppable } from '../faults/support/owned.js';
import { OwnRedis } from '../faults/support/own-redis.js';

const owned = ownedByEachTest();

/** An address that leads to one server and then to another, as after a failover; what is connected stays where it is. */
class MovingAddress implements Stoppable {
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((client) => {
    const upstream = createConnection(this.target, '127.0.0.1');
    for (const socket of [client, upstream]) {
      this.sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => (client.destroy(), upstream.destroy()));
    }
    client.on('data', (request) => upstream.write(request));
    upstream.on('data', (reply: Buffer) => client.write(this.reword(reply.toString('latin1')), 'latin1'));
  });

  private constructor(
    public target: number,
    private readonly reword: (reply: string) => string,
  ) {}

  static async start(target: number, reword: (reply: string) => string): Promise<MovingAddress> {
    const address = new MovingAddress(target, reword);
    address.server.listen(0, '127.0.0.1');
    await once(address.server, 'listening');
    return address;
  }

  get url(): string {
    const { port } = this.server.address() as AddressInfo; // a TCP server that listens has one
    return `redis://127.0.0.1:${String(port)}`;
  }

  async stop(): Promise<void> {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}

it.each([
  ['7', (reply: string) => reply],
  // As 6.2 says it of a command in a script.
  ['6.2', (reply: string) => reply.replace(/^-READONLY/gm, '-ERR Error running script (call to f_0): @user_script:1: -READONLY')],
])('a primary that became a replica is left for the new one, with Redis %s', async (_version, reword) => {
  const [before, after] = [owned.add(await OwnRedis.start()), owned.add(await OwnRedis.start())];
  const address = owned.add(await MovingAddress.start(before.port, reword));
  const locks = owned.add(await Locks.open(address.url));
  await locks.service.withLock('before', () => undefined);

  await (await before.client()).call('REPLICAOF', '127.0.0.1', String(after.port));
  address.target = after.port;
  const lock = await locks.service.acquire('stock', { wait: '5s' });
  expect(await (await after.client()).get('lock:stock')).not.toBeNull();
  expect(await lock.release()).toBe('released');
});
