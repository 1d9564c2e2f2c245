import { createHash } from 'node:crypto';

/**
 * What there may be one order of, for the unique column: the buyer's idempotency key, which is the client's own text, as a hash.
 * The buyer is in it, since two may take the same key.
 */
export function onceKeyOf(userId: string, key: string): string {
  return `order:${createHash('sha256')
    .update(JSON.stringify([userId, key]))
    .digest('base64url')}`;
}

/** The same for the flash sale: one purchase of a product for each user. */
export function onceKeyOfSeckill(productId: number, userId: string): string {
  return `seckill:${productId}:${userId}`;
}
