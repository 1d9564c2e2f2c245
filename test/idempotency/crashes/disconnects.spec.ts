import { scaled } from '../../faults/support/until.js';
import { FRAMEWORKS } from '../support/http-stage.js';
import { disconnectClients } from './support/disconnects.js';

it.each(FRAMEWORKS)(
  '%s: clients that leave at any moment find one reply when they come back',
  async (framework) => {
    const requests = scaled(150);
    const report = await disconnectClients({ url: String(process.env['TEST_REDIS_URL']), framework, requests, seed: 20_263 });
    console.log(`Clients that left, ${framework}: ${JSON.stringify(report)}`);
    expect(report.faults).toEqual([]);
    expect(report.detached).toBeGreaterThan(0);
  },
  60_000,
);
