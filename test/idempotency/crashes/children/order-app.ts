// A small Nest application with idempotent routes, until its test kills it.
import 'reflect-metadata';
import { Redis } from 'ioredis';
import { answerWith, readOptions } from '../../../faults/children/answer.js';
import { randomFrom } from '../../../faults/support/random.js';
import { HttpStage } from '../../support/http-stage.js';
import { orderController } from '../support/order.controller.js';

export interface OrderAppOptions {
  readonly url: string;
  readonly leaseMs: number;
  readonly seed: number;
}

const { url, leaseMs, seed } = readOptions() as OrderAppOptions; // the run that starts this program passes them
const log = new Redis(url);
const random = randomFrom(seed);
const controller = orderController({ note: ({ key }) => log.incr(`log:starts:${key}`), workMs: () => 40 * random() });
const stage = await HttpStage.open({
  framework: 'express',
  controllers: [controller],
  idempotency: { scope: 'global', lease: leaseMs },
  module: { connection: url, keyPrefix: 'orders:' },
});

answerWith({ url: () => stage.url });
