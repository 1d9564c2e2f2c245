import { Owned } from '../faults/support/owned.js';
import { Shop } from './support/shop.js';

interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
}

describe('the endpoints of the flash sale', () => {
  const owned = new Owned();
  let shop: Shop;

  beforeAll(async () => {
    shop = owned.add(await Shop.open({ instances: 1 }));
  }, 150_000);
  afterAll(() => owned.end(), 30_000);

  it('has something to sell from the beginning', async () => {
    expect(await shop.get('/products/1')).toMatchObject({ status: 200, body: { id: 1, stock: 1000 } });
  });

  it('puts a product on sale, leaving out what is not asked for', async () => {
    const { status, body } = await shop.post<{ id: number }>('/products', { name: 'Lamp', stock: 7, id: 4711, fence: 9 });
    expect({ status, body }).toEqual({
      status: 201,
      body: { id: expect.any(Number), name: 'Lamp', stock: 7, createdAt: expect.any(String) },
    });
    expect(body.id).not.toBe(4711);
    expect(await shop.get(`/products/${String(body.id)}`)).toMatchObject({ status: 200, body });
  });

  it.each([
    ['POST', '/products', { name: 'Lamp', stock: -1 }, 'stock must not be less than 0'],
    ['POST', '/products', { name: '', stock: 1 }, 'name must be longer than or equal to 1 characters'],
    ['POST', '/products', { name: 'Lamp', stock: '7' }, 'stock must be an integer number'],
    ['POST', '/products', undefined, 'name must be a string'],
    ['GET', '/products/lamp', undefined, 'productId must be an integer number'],
    ['GET', '/products/2147483648', undefined, 'productId must not be greater than 2147483647'],
    [
      'POST',
      '/inventory/1/decrement?strategy=luck',
      undefined,
      'strategy must be one of the following values: none, locked, retry, fenced',
    ],
    ['POST', '/inventory/0/decrement', undefined, 'productId must not be less than 1'],
    ['GET', '/catalog/1/price?strategy=luck', undefined, 'strategy must be one of the following values: none, locked'],
    ['POST', '/seckill/1', {}, 'userId must be a string'],
    ['GET', '/orders', undefined, 'productId must be an integer number'],
    ['GET', '/orders?productId=1&limit=0', undefined, 'limit must not be less than 1'],
  ] as const)('says what is wrong with %s %s %j', async (method, path, body, fault) => {
    const answer = method === 'GET' ? await shop.get(path) : await shop.post(path, body);
    expect(answer).toMatchObject({ status: 400, body: { status: 400, code: 'INVALID_REQUEST', faults: expect.arrayContaining([fault]) } });
    expect(answer.headers.get('content-type')).toMatch('application/problem+json');
  });

  it.each([
    ['GET', '/products/999999'],
    ['POST', '/inventory/999999/decrement?strategy=none'],
    ['POST', '/inventory/999999/decrement?strategy=locked'],
    ['POST', '/inventory/999999/decrement?strategy=retry'],
    ['POST', '/inventory/999999/decrement?strategy=fenced'],
    ['POST', '/seckill/999999'],
  ])('answers %s %s with 404', async (method, path) => {
    const answer = method === 'GET' ? await shop.get<Problem>(path) : await shop.post<Problem>(path, { userId: 'alice' });
    expect(answer).toMatchObject({
      status: 404,
      body: { type: 'about:blank', title: 'Not Found', code: 'PRODUCT_NOT_FOUND', detail: 'There is no product 999999.' },
    });
  });

  it('takes one piece by each strategy, and waits in line where none is named', async () => {
    const id = await shop.offer(5);
    for (const [i, strategy] of ['none', 'locked', 'retry', 'fenced'].entries()) {
      const { status, body } = await shop.post(`/inventory/${String(id)}/decrement?strategy=${strategy}`);
      expect({ status, body }).toEqual({ status: 200, body: { productId: id, strategy, stock: 4 - i } });
    }
    expect(await shop.post(`/inventory/${String(id)}/decrement`)).toMatchObject({ status: 200, body: { strategy: 'locked', stock: 0 } });
    for (const strategy of ['none', 'locked', 'retry', 'fenced']) {
      const path = `/inventory/${String(id)}/decrement?strategy=${strategy}`;
      expect(await shop.post(path)).toMatchObject({ status: 409, body: { code: 'SOLD_OUT' } });
    }
    expect(await shop.stockOf(id)).toBe(0);
  });

  it('sells one piece to each user in the flash sale, and none when all are gone', async () => {
    const id = await shop.offer(2);
    const path = `/seckill/${String(id)}`;
    expect(await shop.post(path, { userId: 'alice' })).toMatchObject({ status: 201, body: { productId: id, userId: 'alice' } });
    expect(await shop.post(path, { userId: 'alice' })).toMatchObject({ status: 409, body: { code: 'ALREADY_BOUGHT' } });
    expect(await shop.post(path, { userId: 'bob' })).toMatchObject({ status: 201 });
    expect(await shop.post(path, { userId: 'carol' })).toMatchObject({ status: 409, body: { code: 'SOLD_OUT' } });
    expect(await shop.post(path, { userId: 'bob' })).toMatchObject({ status: 409, body: { code: 'ALREADY_BOUGHT' } });
    expect(await shop.stockOf(id)).toBe(0);
    expect(await shop.get(`/orders?productId=${String(id)}`)).toMatchObject({
      status: 200,
      body: [{ userId: 'alice' }, { userId: 'bob' }],
    });
  });

  it('lists orders page by page', async () => {
    const id = await shop.offer(3);
    for (const userId of ['a', 'b', 'c']) await shop.post(`/seckill/${String(id)}`, { userId });
    const users: string[] = [];
    let after = 0;
    for (let page = 0; page < 3; page++) {
      const path = `/orders?productId=${String(id)}&limit=2&after=${String(after)}`;
      const { body } = await shop.get<{ id: number; userId: string }[]>(path);
      expect(body).toHaveLength([2, 1, 0][page] ?? -1);
      users.push(...body.map(({ userId }) => userId));
      after = body.at(-1)?.id ?? after;
    }
    expect(users).toEqual(['a', 'b', 'c']);
  });

  it('has no statistics before the first tick', async () => {
    expect(await shop.get('/stats')).toMatchObject({ status: 200, body: [] });
  });

  it('describes every endpoint with its answers, for people and for programs', async () => {
    const page = await fetch(`${shop.url(0)}/docs`);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')]);

    const { body } = await shop.get<{ paths: Record<string, Record<string, { responses: object }>> }>('/docs-json');
    const answers = Object.entries(body.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { responses }]) => [`${method} ${path}`, Object.keys(responses).sort().join(' ')]),
    );
    expect(Object.fromEntries(answers)).toEqual({
      'post /orders': '201 400 401 404 409 422 500 503',
      'post /orders/guarded': '201 400 401 404 409 500 503',
      'get /orders/{id}': '200 400 401 404',
      'post /products': '201 400',
      'get /products/{productId}': '200 400 404',
      'post /inventory/{productId}/decrement': '200 400 404 409 500 503',
      'post /inventory/transfer': '200 400 404 409 500 503',
      'get /catalog/{productId}/price': '200 400 404 409 500 503',
      'put /catalog/{productId}/price': '200 400 404 409 500 503',
      'post /checkout': '201 400 401 402 404 409 500 503',
      'post /reports/export': '200 400 409 500 503',
      'post /seckill/{productId}': '201 400 404 409 500 503',
      'get /orders': '200 400',
      'get /stats': '200',
      'get /health': '200 503',
    });
  });
});
