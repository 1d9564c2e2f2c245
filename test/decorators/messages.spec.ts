import { Controller, type INestMicroservice } from '@nestjs/common';
import { NestFactory, APP_FILTER } from '@nestjs/core';
import { ClientProxyFactory, EventPattern, MessagePattern, Payload, Transport, type ClientProxy } from '@nestjs/microservices';
import { LockExceptionFilter, Locked, LockService, RedisLockModule } from 'nestjs-redis-lock';
import { createServer, type AddressInfo } from 'node:net';
import { firstValueFrom, timeout } from 'rxjs';
import { ownedByEachTest } from '../faults/support/owned.js';
import { until } from '../faults/support/until.js';
import { moduleOf, redisLocks, Watched } from './support/test-app.js';

const owned = ownedByEachTest();

@Controller()
class Orders extends Watched {
  static readonly heard: unknown[] = [];

  @MessagePattern('order.above')
  @Locked('order:{id}')
  async above(@Payload('id') id: string): Promise<unknown> {
    return [id, this.key()];
  }

  @Locked('order:{data.id}')
  @MessagePattern('order.below')
  async below(data: { id: string }): Promise<unknown> {
    return [data.id, this.key()];
  }

  @EventPattern('order.told')
  @Locked('order:{data.id}')
  async told(data: { id: string }): Promise<void> {
    Orders.heard.push([data.id, this.key()]);
  }

  @Locked('busy', { wait: 0 })
  @MessagePattern('order.busy')
  async busy(): Promise<string> {
    return 'done';
  }
}

/** A microservice on loopback, and a client of it. */
async function start(filter: 'without a filter' | 'with the filter'): Promise<{ service: INestMicroservice; client: ClientProxy }> {
  const port = await freePort();
  const providers = filter === 'with the filter' ? [{ provide: APP_FILTER, useClass: LockExceptionFilter }] : [];
  const root = moduleOf({ imports: [RedisLockModule.forRoot(redisLocks())], controllers: [Orders], providers });
  const options = { host: '127.0.0.1', port };
  const service = await NestFactory.createMicroservice(root, { transport: Transport.TCP, options, logger: false, abortOnError: false });
  owned.add({ stop: () => service.close() });
  await service.listen();
  const client = ClientProxyFactory.create({ transport: Transport.TCP, options });
  owned.add({
    stop: async () => {
      await client.close();
    },
  });
  return { service, client };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function ask(client: ClientProxy, pattern: string, data: unknown): Promise<unknown> {
  return firstValueFrom(client.send<unknown>(pattern, data).pipe(timeout(5_000)));
}

it('@MessagePattern and @EventPattern call the method under its lock, above and below', async () => {
  const { client } = await start('without a filter');
  expect(await ask(client, 'order.above', { id: 'a' })).toEqual(['a', 'order:a']);
  expect(await ask(client, 'order.below', { id: 'b' })).toEqual(['b', 'order:b']);
  await firstValueFrom(client.emit('order.told', { id: 'c' }), { defaultValue: undefined });
  await until('the event arrived', 5_000, () => Orders.heard.length > 0);
  expect(Orders.heard).toEqual([['c', 'order:c']]);
});

it.each(['without a filter', 'with the filter'] as const)('a caller is told that the lock is busy, %s', async (filter) => {
  const { service, client } = await start(filter);
  const lock = await service.get(LockService, { strict: false }).acquire('busy');
  const outcome = ask(client, 'order.busy', {});
  const expected =
    filter === 'with the filter' ? { code: 'LOCK_BUSY', key: 'busy' } : { status: 'error', message: 'Internal server error' };
  await expect(outcome).rejects.toMatchObject(expected);
  await lock.release();
  expect(await ask(client, 'order.busy', {})).toBe('done');
});
