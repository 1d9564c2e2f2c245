import type { LockLog } from '../../runtime/lock-log.js';
import type { StoreInbox } from '../lock-store.interface.js';
import type { KeySpace } from './key-space.js';
import type { RedisLink } from './redis-link.js';

/** What listening needs. */
export interface SubscriptionParts {
  readonly link: RedisLink;
  readonly names: KeySpace;
  readonly inbox: StoreInbox;
  readonly log: LockLog;
}

/**
 * Hands what is said to this process over to the engine, from now on and after every new connection.
 * A message is one letter for what happened, then what it concerns; the channel's name carries the protocol's version.
 * @throws LockStoreError
 */
export async function subscribe({ link, names, inbox, log }: SubscriptionParts): Promise<void> {
  const channel = names.channelPrefix + inbox.process;
  link.client.on('message', (from: string, message: string) => {
    if (from !== channel) return;
    const space = message.indexOf(' ');
    const key = names.keyOf(message.slice(message.startsWith('f') ? space + 1 : 1));
    if (key === undefined) return;
    if (message.startsWith('w')) inbox.onWake(key);
    if (message.startsWith('f')) inbox.onForced(key, message.slice(1, space));
  });
  const ask = (): Promise<unknown> => link.use('subscribe', (client) => client.subscribe(channel));
  await ask();
  // Where it fails again, the connection was cut again, and the next one begins here.
  link.client.on('ready', () => void ask().catch((error: unknown) => log.warn(String(error))));
}
