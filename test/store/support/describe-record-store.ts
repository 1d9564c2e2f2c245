import { describeAttempts } from './attempts.suite.js';
import type { RecordStage } from './record-stage.js';
import { describeRecords } from './records.suite.js';

/** What every store of records promises, as one suite: a new kind of store is right when it passes. */
export function describeRecordStore(name: string, open: () => Promise<RecordStage>): void {
  describe(`${name}:`, () => {
    let stage: RecordStage;

    beforeEach(async () => {
      stage = await open();
    });
    afterEach(() => stage.stop());

    describe('records', () => describeRecords(() => stage));
    describe('attempts', () => describeAttempts(() => stage));
  });
}
