import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { AppProcess } from '../../apps/flash-sale/scripts/app-process.mjs';
import { ownedByEachTest } from '../faults/support/owned.js';
import { shopEnv } from './support/shop.js';

const owned = ownedByEachTest();
const START_MS = 150_000;

/** Runs an instance that does not start, and returns what it says. */
async function refusal(env: NodeJS.ProcessEnv): Promise<{ code: number | null; lines: string[] }> {
  const lines: string[] = [];
  const instance = owned.add(
    new AppProcess({ env: shopEnv({ DATABASE_FILE: '/dev/null/shop.sqlite', ...env }), onLine: (line) => lines.push(line) }),
  );
  const code = await instance.exited;
  return { code, lines };
}

it(
  'an instance names every wrong value at once, and no password',
  async () => {
    const env = {
      PORT: '70000',
      REDIS_URL: 'http://user:secret@localhost',
      DATABASE_URL: 'localhost',
      STATS_CRON: 'at midnight',
      IDEMPOTENCY_LEASE_MS: '5',
      LOG_FORMAT: 'xml',
    };
    expect(await refusal(env)).toEqual({
      code: 1,
      lines: [
        'The configuration is wrong:',
        "  PORT must not be above 65535, not '70000'.",
        "  REDIS_URL must be a URL such as redis://localhost:6379, not 'http://***@localhost'.",
        "  IDEMPOTENCY_LEASE_MS must not be below 1000, not '5'.",
        "  DATABASE_URL must be a URL such as postgres://user:password@localhost:5432/shop, not 'localhost'.",
        "  STATS_CRON must be a cron expression such as '0 0 * * *', not 'at midnight'.",
        "  LOG_FORMAT must be 'text' or 'json', not 'xml'.",
      ],
    });
  },
  START_MS,
);

it.each(['abc', '1.5', '-1'])(
  'an instance does not take %s for a port',
  async (PORT) => {
    const { code, lines } = await refusal({ PORT });
    expect({ code, lines }).toMatchObject({ code: 1, lines: ['The configuration is wrong:', expect.stringContaining(`not '${PORT}'`)] });
  },
  START_MS,
);

it(
  'an instance says that its database cannot be used',
  async () => {
    const database = 'postgres://shop:secret@127.0.0.1:1/shop';
    expect(await refusal({ DATABASE_URL: database })).toEqual({
      code: 1,
      lines: ['The database cannot be used: connect ECONNREFUSED 127.0.0.1:1'],
    });
    const file = await refusal({});
    expect(file).toMatchObject({ code: 1, lines: [expect.stringMatching(/^The database cannot be used: .*\/dev\/null/)] });
  },
  START_MS,
);

it(
  'an instance says that Redis cannot be reached',
  async () => {
    const { code, lines } = await refusal({ REDIS_URL: 'redis://127.0.0.1:1', DATABASE_FILE: ':memory:' });
    expect({ code, lines }).toMatchObject({ code: 1, lines: [expect.stringMatching(/^The locks cannot be used: .*127\.0\.0\.1:1/)] });
  },
  START_MS,
);

it(
  'an instance says that its port is taken, and which may be free',
  async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo; // a TCP server that listens has one
    owned.add({
      stop: async () => {
        other.close();
        await once(other, 'close');
      },
    });
    const { code, lines } = await refusal({ PORT: String(port), DATABASE_FILE: ':memory:' });
    expect(code).toBe(1);
    expect(lines.at(-1)).toBe(
      `Port ${String(port)} is taken by another program. Take another one, for instance with PORT=${String(port + 1)}, or 0 for any.`,
    );
  },
  START_MS,
);
