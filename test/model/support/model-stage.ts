import type { Instant } from '../../../libs/redis-lock/src/runtime/clock.js';
import type { LockStore, StoreInbox } from '../../../libs/redis-lock/src/store/lock-store.interface.js';
import type { Told } from './answers.js';

/** A message with the first of its fences; one that says that others wait is a hint, and not among them. */
export type ToldWithFence = Told & { readonly fence: number | undefined };

/** A store of each process on one empty server, in a time that passes only when it is told to. */
export interface ModelStage {
  readonly kind: string;
  /** The server is empty, and all processes are connected; its clock goes on from here. */
  begin(startMs: number): Promise<void>;
  /** The store of a process; a `late` one sends what arrives after its deadline. */
  store(process: string, late?: boolean): LockStore;
  /** When a command is sent, for those that say it. */
  sent(late: boolean): Instant;
  pass(ms: number): void;
  /** Whether messages reach a process, and whether it believes that they do. */
  connect(process: string, reachable: boolean, hears: boolean): Promise<void>;
  /** What was told since this was last asked. */
  told(): ToldWithFence[];
  /** The server forgets everything but the time. */
  loseData(): Promise<void>;
  /** Somebody who knows nothing of locks deletes the key. */
  deleteKey(key: string): Promise<void>;
  stop(): Promise<void>;
}

/** Writes down what a process is told. */
export function notingInbox(process: string, told: ToldWithFence[]): StoreInbox {
  return {
    process,
    onGranted: (key, { token, fence }) => told.push({ kind: 'granted', process, key, token, fence }),
    onShared: (key, kind, { token, fence, shares = 0 }) => told.push({ kind, process, key, token, shares, fence }),
    onOthersWait: () => undefined,
    onForced: (key, token) => told.push({ kind: 'forced', process, key, token, fence: undefined }),
  };
}
