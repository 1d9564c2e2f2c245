import { describeRecordStore } from './support/describe-record-store.js';
import { MemoryRecordStage } from './support/memory-record-stage.js';
import { RedisRecordStage } from './support/redis-record-stage.js';

describeRecordStore('memory', async () => new MemoryRecordStage());
describeRecordStore('redis', () => RedisRecordStage.open());
