import { setTimeout as pause } from 'node:timers/promises';
import type Database from 'libsql';

const TRIES = 50;
const PAUSE_MS = 100;

/**
 * Lets readers and one writer work side by side, also from several processes.
 * The switch needs the file for itself and SQLite does not wait for that, so two processes that start at once on a new file would collide.
 */
export async function useWriteAheadLog(database: Database.Database): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      database.pragma('journal_mode = WAL');
      break;
    } catch (error) {
      if (tries === TRIES || !isBusy(error)) throw error;
      await pause(PAUSE_MS);
    }
  }
  // With a write-ahead log this loses nothing when a process dies, and a few last transactions at most when the machine does.
  database.pragma('synchronous = NORMAL');
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY';
}
