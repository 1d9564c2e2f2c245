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

/** Whether this process hears what is said to it, as far as it knows. */
export interface Subscription {
  readonly isUp: boolean;
}

/**
 * Hands what is said to this process over to the engine, from now on and after every new connection.
 * A message is one letter for what happened, then what it concerns; the channel's name carries the protocol's version.
 * @throws LockStoreError
 */
export async function subscribe({ link, names, inbox, log }: SubscriptionParts): Promise<Subscription> {
  const channel = names.channelPrefix + inbox.process;
  link.client.on('message', (from: string, message: string) => {
    if (from === channel) deliver(message, names, inbox);
  });
  const subscription = { isUp: false };
  const ask = async (): Promise<void> => {
    await link.use('subscribe', (client) => client.subscribe(channel));
    subscription.isUp = true;
  };
  await ask();
  link.client.on('close', () => (subscription.isUp = false));
  // Where it fails again, the connection was cut again, and the next one begins here.
  link.client.on('ready', () => void ask().catch((error: unknown) => log.warn(String(error))));
  return subscription;
}

/** `g` token, fence, 1 = others wait, lock: granted. `r` or `p` token, fence, shares, lock: granted to readers, or permits of it. `f` token, lock: released by force. `o`, lock: others wait. Only the lock may have spaces. */
function deliver(message: string, names: KeySpace, inbox: StoreInbox): void {
  const first = message.indexOf(' ');
  const token = message.slice(1, first);
  if (message.startsWith('g')) {
    const second = message.indexOf(' ', first + 1);
    const key = names.keyOf(message.slice(second + 3));
    const grant = { token, fence: Number(message.slice(first + 1, second)), others: message.charAt(second + 1) === '1' };
    if (key !== undefined) inbox.onGranted(key, grant);
    return;
  }
  if (message.startsWith('r') || message.startsWith('p')) {
    const [, fence = '', shares = '', ...lock] = message.split(' ');
    const key = names.keyOf(lock.join(' '));
    const kind = message.startsWith('r') ? 'read' : 'permit';
    if (key !== undefined) inbox.onShared(key, kind, { token, fence: Number(fence), others: false, shares: Number(shares) });
    return;
  }
  const key = names.keyOf(message.slice(first + 1));
  if (key === undefined) return;
  if (message.startsWith('f')) inbox.onForced(key, token);
  else if (message.startsWith('o')) inbox.onOthersWait(key);
}
