import type { IdempotencySettings } from './idempotency-settings.js';
import { decodeReply, encodeReply, type StoredReply } from './stored-reply.js';

/** A reply as it is stored: as the user's `encrypt` makes it, where there is one. @throws what that throws, LockStoreError */
export function sealReply(reply: StoredReply, { encrypt }: IdempotencySettings): Buffer | Promise<Buffer> {
  const bytes = encodeReply(reply);
  return encrypt === undefined ? bytes : encrypt(bytes);
}

/** The reply again. @throws what the user's `decrypt` throws, LockStoreError for what cannot be read */
export async function openReply(stored: Buffer, { decrypt }: IdempotencySettings): Promise<StoredReply> {
  return decodeReply(decrypt === undefined ? stored : await decrypt(stored));
}
