import { describeDowngrade } from './downgrade.suite.js';
import { describeGrantAll } from './grant-all.suite.js';
import { describeGrants } from './grants.suite.js';
import { describeLeases } from './leases.suite.js';
import { describeMessages } from './messages.suite.js';
import { describeMixedLines } from './mixed-lines.suite.js';
import { describeQueue } from './queue.suite.js';
import { describeReadersAndWriters } from './readers-writers.suite.js';
import { describeReading } from './reading.suite.js';
import { describeShareHeartbeats } from './share-heartbeats.suite.js';
import { describeShareLeases } from './share-leases.suite.js';
import { describeSharesQueue } from './shares-queue.suite.js';
import { describeShares } from './shares.suite.js';
import type { StoreStage } from './store-stage.js';

/** What every store promises to the engine, as one suite: a new kind of store is right when it passes. */
export function describeLockStore(name: string, open: () => Promise<StoreStage>): void {
  describe(`${name}:`, () => {
    let stage: StoreStage;

    beforeEach(async () => {
      stage = await open();
    });
    afterEach(() => stage.stop());

    describe('grants', () => describeGrants(() => stage));
    describe('leases', () => describeLeases(() => stage));
    describe('messages', () => describeMessages(() => stage));
    describe('queue', () => describeQueue(() => stage));
    describe('reading', () => describeReading(() => stage));
    describe('shares', () => describeShares(() => stage));
    describe('share leases', () => describeShareLeases(() => stage));
    describe('readers and writers', () => describeReadersAndWriters(() => stage));
    describe('share queue', () => describeSharesQueue(() => stage));
    describe('share heartbeats', () => describeShareHeartbeats(() => stage));
    describe('mixed lines', () => describeMixedLines(() => stage));
    describe('downgrade', () => describeDowngrade(() => stage));
    describe('several at once', () => describeGrantAll(() => stage));
  });
}
