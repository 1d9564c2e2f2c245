export type { HeldLock } from './held-lock.js';
export { ManualClock } from './manual-clock.js';
export { TestingLockServer, type TestingConnectionOptions, type TestingLockServerOptions } from './testing-lock-server.js';
