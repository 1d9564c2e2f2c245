import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { Owned } from '../faults/support/owned.js';
import { Shop, type Answer } from './support/shop.js';

interface Order {
  readonly id: number;
  readonly productId: number;
  readonly userId: string;
  readonly quantity: number;
}

const MISSING = 999_999;

describe('orders', () => {
  const owned = new Owned();
  let shop: Shop;

  beforeAll(async () => {
    shop = owned.add(await Shop.open({ instances: 2 }));
  }, 150_000);
  afterAll(() => owned.end(), 30_000);

  const bearer = (user: string): Record<string, string> => ({ authorization: `Bearer ${user}` });
  const order = (user: string, key: string, body: object, instance = 0): Promise<Answer<Order>> =>
    shop.send('POST', '/orders', { ...bearer(user), 'idempotency-key': key }, body, instance);
  const guarded = (user: string, id: string, body: object, instance = 0): Promise<Answer<Order>> =>
    shop.send('POST', '/orders/guarded', { ...bearer(user), 'x-request-id': id }, body, instance);
  const ordersOf = async (productId: number): Promise<Order[]> => (await shop.get<Order[]>(`/orders?productId=${String(productId)}`)).body;

  it('are made once for each key: a repeated request gets the same reply, from any instance', async () => {
    const productId = await shop.offer(5);
    const key = randomUUID();
    const first = await order('alice', key, { productId, quantity: 2 });
    expect(first).toMatchObject({ status: 201, body: { productId, userId: 'alice', quantity: 2 } });
    expect(first.headers.get('location')).toBe(`/orders/${String(first.body.id)}`);
    expect(first.headers.get('idempotent-replayed')).toBeNull();

    const second = await order('alice', key, { productId, quantity: 2 }, 1);
    expect(second).toMatchObject({ status: 201, body: first.body });
    expect(second.headers.get('location')).toBe(first.headers.get('location'));
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect(await ordersOf(productId)).toEqual([first.body]);
    expect(await shop.stockOf(productId)).toBe(3);
  });

  it('are made for another key, and for the same key of another user', async () => {
    const productId = await shop.offer(5);
    const key = randomUUID();
    const body = { productId, quantity: 1 };
    const answers = [await order('alice', key, body), await order('alice', randomUUID(), body), await order('bob', key, body)];
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect((await ordersOf(productId)).map(({ userId }) => userId)).toEqual(['alice', 'alice', 'bob']);
    expect(await shop.stockOf(productId)).toBe(2);
  });

  it('are refused with 422 where the key was sent with another body', async () => {
    const productId = await shop.offer(5);
    const key = randomUUID();
    await order('alice', key, { productId, quantity: 1 });
    expect(await order('alice', key, { productId, quantity: 2 })).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
    expect(await shop.stockOf(productId)).toBe(4);
  });

  it('are found by their key where Redis has lost the reply, as after a death between commit and reply', async () => {
    const productId = await shop.offer(5);
    const key = randomUUID();
    const first = await order('alice', key, { productId, quantity: 2 });
    await forgetReplies();

    const second = await order('alice', key, { productId, quantity: 2 }, 1);
    expect(second).toMatchObject({ status: 201, body: first.body });
    // The handler has run again.
    expect(second.headers.get('idempotent-replayed')).toBeNull();
    expect(await shop.stockOf(productId)).toBe(3);

    await forgetReplies();
    expect(await order('alice', key, { productId, quantity: 1 })).toMatchObject({ status: 422, body: { code: 'OTHER_ORDER' } });
    expect(await ordersOf(productId)).toEqual([first.body]);
  });

  it('can be tried again with the same key where nothing was done', async () => {
    const productId = await shop.offer(1);
    const key = randomUUID();
    expect(await order('alice', key, { productId, quantity: 2 })).toMatchObject({ status: 409, body: { code: 'SOLD_OUT' } });
    expect(await order('alice', key, { productId, quantity: 0 })).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } });
    expect(await order('alice', key, { productId: MISSING, quantity: 1 })).toMatchObject({ status: 404 });
    expect(await order('alice', key, { productId, quantity: 1 })).toMatchObject({ status: 201 });
    expect(await shop.stockOf(productId)).toBe(0);
  });

  it('need a key, and a user', async () => {
    const body = { productId: await shop.offer(1), quantity: 1 };
    expect(await shop.send('POST', '/orders', bearer('alice'), body)).toMatchObject({
      status: 400,
      body: { code: 'IDEMPOTENCY_KEY_MISSING' },
    });
    const requests = [
      await shop.send('POST', '/orders', { 'idempotency-key': randomUUID() }, body),
      await shop.send('POST', '/orders', { 'idempotency-key': randomUUID(), authorization: 'Basic YWxpY2U=' }, body),
      await shop.send('POST', '/orders/guarded', { 'x-request-id': randomUUID() }, body),
      await shop.get('/orders/1'),
    ];
    for (const answer of requests) {
      expect(answer).toMatchObject({ status: 401, body: { status: 401, code: 'NOT_SIGNED_IN' } });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      expect(answer.headers.get('content-type')).toMatch('application/problem+json');
    }
    expect(await shop.stockOf(body.productId)).toBe(1);
  });

  it('behind the guard are refused when they are sent again, each user for himself', async () => {
    const productId = await shop.offer(5);
    const id = randomUUID();
    const body = { productId, quantity: 1 };
    const first = await guarded('alice', id, body);
    expect(first).toMatchObject({ status: 201, body: { productId, userId: 'alice', quantity: 1 } });
    const again = await guarded('alice', id, body, 1);
    expect(again).toMatchObject({ status: 400, body: { status: 400, code: 'DUPLICATE_SUBMIT', detail: '请勿重复提交' } });
    expect(Number(again.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await guarded('bob', id, body)).toMatchObject({ status: 201 });
    expect(await guarded('alice', randomUUID(), body)).toMatchObject({ status: 201 });
    expect(await shop.stockOf(productId)).toBe(2);

    const withoutId = await shop.send('POST', '/orders/guarded', bearer('alice'), body);
    expect(withoutId).toMatchObject({ status: 400, body: { code: 'DUPLICATE_KEY_MISSING' } });
  });

  it('are shown to the user whose they are, and to nobody else', async () => {
    const { body } = await order('alice', randomUUID(), { productId: await shop.offer(1), quantity: 1 });
    const path = `/orders/${String(body.id)}`;
    expect(await shop.send('GET', path, bearer('alice'))).toMatchObject({ status: 200, body });
    for (const [user, missing] of [
      ['bob', path],
      ['alice', `/orders/${String(MISSING)}`],
    ] as const) {
      expect(await shop.send('GET', missing, bearer(user))).toMatchObject({ status: 404, body: { code: 'ORDER_NOT_FOUND' } });
    }
    expect(await shop.send('GET', '/orders/first', bearer('alice'))).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } });
  });

  /** Deletes every stored reply of this shop. */
  async function forgetReplies(): Promise<void> {
    const { REDIS_URL = '', LOCK_KEY_PREFIX = '' } = shop.env;
    const redis = new Redis(REDIS_URL);
    try {
      const keys = await redis.keys(`${LOCK_KEY_PREFIX}*:idem:*`);
      expect(keys.length).toBeGreaterThan(0);
      await redis.del(keys);
    } finally {
      await redis.quit();
    }
  }
});
