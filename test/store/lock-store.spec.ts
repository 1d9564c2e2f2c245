import { describeLockStore } from './support/describe-lock-store.js';
import { MemoryStage } from './support/memory-stage.js';
import { RedisStage } from './support/redis-stage.js';

describeLockStore('memory', async () => new MemoryStage());
describeLockStore('redis', () => RedisStage.open());
