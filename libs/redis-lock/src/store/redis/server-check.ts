import { LockOptionsError } from '../../errors/lock-options.error.js';
import { LockStoreError } from '../../errors/lock-store.error.js';

/** What the check needs to know of a server's INFO. */
export interface ServerFacts {
  readonly info: string;
  readonly description: string;
  readonly allowEviction: boolean;
}

const OLDEST = [6, 2] as const;

/** Refuses a server on which locks cannot be safe. @throws LockOptionsError, LockStoreError */
export function checkServer({ info, description, allowEviction }: ServerFacts): void {
  const facts = new Map(
    info.split('\r\n').map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1)];
    }),
  );
  const version = facts.get('redis_version') ?? '';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    throw new LockOptionsError(`${description} runs Redis ${version}; 6.2 or newer (or Valkey) is needed.`);
  }
  if (facts.get('role') === 'slave') {
    throw new LockStoreError(
      `${description} is a replica; locks need the primary. Give the primary's address, or use Sentinel or Cluster.`,
    );
  }
  const policy = facts.get('maxmemory_policy') ?? 'noeviction';
  if (policy !== 'noeviction' && !allowEviction) {
    throw new LockOptionsError(
      `${description} has maxmemory-policy ${policy}, which may evict locks while they are held. Set 'noeviction' there, use another server, or pass allowEviction: true if you accept that.`,
    );
  }
}
