import { Controller, Module, type INestMicroservice, type ExecutionContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientProxyFactory, MessagePattern, Transport, type ClientProxy } from '@nestjs/microservices';
import { randomUUID } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import { firstValueFrom } from 'rxjs';
import { Idempotent, PreventDuplicate, RedisLockModule } from 'nestjs-redis-lock';

let starts = 0;

@Controller()
class Inbox {
  @MessagePattern('guarded')
  @PreventDuplicate({ key: (context: ExecutionContext) => `mail:${context.switchToRpc().getData<string>()}` })
  guarded(text: string): string {
    starts++;
    return text;
  }

  @MessagePattern('template')
  @PreventDuplicate({ key: 'mail:{headers.x-request-id}' })
  template(text: string): string {
    starts++;
    return text;
  }

  @MessagePattern('idempotent')
  @Idempotent()
  idempotent(text: string): string {
    starts++;
    return text;
  }
}

let service: INestMicroservice;
let client: ClientProxy;

beforeAll(async () => {
  class AppModule {}
  Module({
    imports: [
      RedisLockModule.forRoot({
        connection: String(process.env['TEST_REDIS_URL']),
        keyPrefix: `idem-${randomUUID()}:`,
        idempotency: { scope: 'global' },
      }),
    ],
    controllers: [Inbox],
  })(AppModule);
  const options = { host: '127.0.0.1', port: await freePort() };
  service = await NestFactory.createMicroservice(AppModule, { transport: Transport.TCP, options, logger: false });
  await service.listen();
  client = ClientProxyFactory.create({ transport: Transport.TCP, options });
  await client.connect();
});
afterAll(async () => {
  await client.close();
  await service.close();
});
beforeEach(() => {
  starts = 0;
});

const ask = (pattern: string, text: string): Promise<string> => firstValueFrom(client.send<string>(pattern, text));

it('guards a message by a key function', async () => {
  expect(await ask('guarded', 'a')).toBe('a');
  await expect(ask('guarded', 'a')).rejects.toMatchObject({ status: 'error' });
  expect(await ask('guarded', 'b')).toBe('b');
  expect(starts).toBe(2);
});

it.each(['template', 'idempotent'])('lets a message pass where only HTTP could tell a duplicate: %s', async (pattern) => {
  expect(await ask(pattern, 'a')).toBe('a');
  expect(await ask(pattern, 'a')).toBe('a');
  expect(starts).toBe(2);
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo; // a TCP server's
  await new Promise((resolve) => server.close(resolve));
  return port;
}
