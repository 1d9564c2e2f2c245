import type { Order } from '../orders/order.entity.js';

const LINE_END = '\r\n';

/** The first line of the file. */
export const CSV_HEADER = `id,productId,userId,quantity,createdAt${LINE_END}`;

/** Orders as lines of a CSV file (RFC 4180). */
export function csvOf(orders: readonly Order[]): string {
  return orders.map(lineOf).join('');
}

function lineOf({ id, productId, userId, quantity, createdAt }: Order): string {
  return `${[id, productId, quoted(userId), quantity, createdAt.toISOString()].join(',')}${LINE_END}`;
}

/** What a user is called is the user's own text. */
function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
