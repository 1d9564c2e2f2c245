import type { Owned } from '../../faults/support/owned.js';
import { RedisStage } from './redis-stage.js';
import { SharedKey } from './shared-key.js';
import type { StoreProcess } from './store-stage.js';

/** A lock on Redis, two processes, and what lies there of it. */
export interface Scene {
  readonly stage: RedisStage;
  readonly lock: SharedKey;
  readonly one: StoreProcess;
  readonly other: StoreProcess;
  /** Names in Redis. */
  readonly names: { readonly lock: string; readonly companion: string; readonly fence: string };
}

/** @param url the server; default: that of the whole run */
export async function openScene(owned: Owned, url?: string): Promise<Scene> {
  const stage = owned.add(await RedisStage.open(url));
  const lock = await SharedKey.open(stage);
  const names = {
    lock: `${stage.prefix}stock`,
    companion: `${stage.prefix}~1:queue:{${stage.prefix}stock}`,
    fence: `${stage.prefix}~1:fence`,
  };
  return { stage, lock, one: await stage.connect(), other: await stage.connect(), names };
}
