import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { LockOptionsError } from 'nestjs-redis-lock';
import { fingerprintOf, fingerprintOfValue, type ComparedRequest } from '../../../libs/redis-lock/src/idempotency/fingerprint.js';

const PLACE = '@Idempotent on Orders.create';
const JSON_TYPE = 'application/json';
const FORM = 'multipart/form-data; boundary=----1';

/** A request as a framework hands it on, with a body of that type. */
const withType = (type: string, rest: Partial<ComparedRequest>): ComparedRequest => ({
  headers: { 'content-type': type, 'content-length': '10' },
  ...rest,
});
const json = (body: unknown, query: unknown = {}): ComparedRequest => withType(JSON_TYPE, { body, query });
const hex = async (request: ComparedRequest): Promise<string> => (await fingerprintOf(request, PLACE)).toString('hex');

it('is 16 bytes, the same in every release: records outlive a deployment', async () => {
  expect(await hex(json({ b: 1, a: ['x'] }, { page: '2' }))).toBe('11795e369716b05272270778450e3cf4');
  expect(fingerprintOfValue({ b: 1, a: ['x'] }, PLACE).toString('hex')).toBe('7bc4860dc9e15870f77736ac336876f3');
});

it('does not wait where there is nothing to read', () => {
  expect(fingerprintOf(json({ a: 1 }), PLACE)).toHaveLength(16);
});

it('is the same whatever the order of members, of query parameters, and the headers', async () => {
  const same = [
    json({ a: 1, b: 2 }, { x: '1', y: ['2', '3'] }),
    json({ b: 2, a: 1 }, { y: ['2', '3'], x: '1' }),
    withType('application/json; charset=utf-8', { body: { a: 1, b: 2 }, query: { x: '1', y: ['2', '3'] } }),
  ];
  expect(new Set(await Promise.all(same.map(hex))).size).toBe(1);
});

it('is another one for another body or query', async () => {
  const bodies = [
    {},
    [],
    null,
    0,
    '',
    'a',
    { a: 1 },
    { a: '1' },
    { a: [1, 2] },
    { a: [2, 1] },
    { a: null },
    Buffer.from('a'),
    Buffer.from('{"a":1}'),
  ];
  const queries = [{ a: '1' }, { a: ['1'] }, { b: '1' }, { a: '1', b: '1' }];
  const different = [
    ...bodies.map((body) => json(body)),
    ...queries.map((query) => json({ a: 1 }, query)),
    { headers: {}, query: {} },
    { headers: {}, query: { a: '1' } },
  ];
  expect(new Set(await Promise.all(different.map(hex))).size).toBe(different.length);
});

it('reads a body without a parser from rawBody', async () => {
  const of = (text: string): Promise<string> => hex(withType('application/x-own', { rawBody: Buffer.from(text) }));
  expect(await of('a')).toBe(await of('a'));
  expect(await of('a')).not.toBe(await of('b'));
});

describe('without a body that has been read', () => {
  const nothing: ComparedRequest = { headers: {} };

  it.each<[string, ComparedRequest]>([
    ['a length of 0', { headers: { 'content-length': '0' } }],
    ['a type and no body', { headers: { 'content-type': JSON_TYPE } }],
    ['null from a parser, and no body', { headers: { 'content-length': '0' }, body: null }],
    [
      'chunks of which none came',
      { headers: { 'transfer-encoding': 'chunked' }, raw: { complete: true, readableLength: 0, readableDidRead: false } },
    ],
    ['HTTP/2 that has ended with its headers', { headers: {}, raw: { stream: { endAfterHeaders: true } } }],
  ])('there may be none: %s', async (_what, request) => {
    const [found, none] = [await hex(request), await hex(nothing)];
    if (request.body === null) expect(found).toHaveLength(32);
    else expect(found).toBe(none);
  });

  it.each<[string, ComparedRequest]>([
    ['a length', withType('text/plain', {})],
    ['a length, of JSON', withType(JSON_TYPE, {})],
    ['chunks', { headers: { 'transfer-encoding': 'chunked' } }],
    [
      'chunks that wait to be read',
      { headers: { 'transfer-encoding': 'chunked' }, raw: { complete: true, readableLength: 5, readableDidRead: false } },
    ],
    [
      'chunks that somebody else has read',
      { headers: { 'transfer-encoding': 'chunked' }, raw: { complete: true, readableLength: 0, readableDidRead: true } },
    ],
    ['HTTP/2', { headers: {}, raw: { complete: false, stream: { endAfterHeaders: false } } }],
    ['a multipart body that no parser has read', withType(FORM, {})],
    ['a multipart body, of which a parser says null', withType(FORM, { body: null })],
    ['a stream in its place', withType(FORM, { body: Readable.from([]) })],
  ])('it cannot be told: %s', (_what, request) => {
    expect(() => fingerprintOf(request, PLACE)).toThrow(LockOptionsError);
    expect(() => fingerprintOf(request, PLACE)).toThrow(
      /^@Idempotent on Orders\.create: body: nobody has read it yet.* fingerprint: \(context\) => .* interceptor at global or class level or above/,
    );
  });

  it('null can be what JSON said', async () => {
    expect(await hex(withType('application/problem+json; charset=utf-8', { body: null }))).toBe(await hex(json(null)));
  });
});

it('a body that cannot be compared is refused, and the message says what to write', () => {
  expect(() => fingerprintOf(json(new Map()), PLACE)).toThrow(
    `${PLACE}: body: a value of type Map cannot be compared. Write what must be equal`,
  );
  expect(() => fingerprintOf(json({}, new Set()), PLACE)).toThrow(`${PLACE}: query: a value of type Set cannot be compared.`);
});

describe('of multipart bodies', () => {
  const file = (rest: object = {}): object => ({
    fieldname: 'photo',
    originalname: 'a.png',
    encoding: '7bit',
    mimetype: 'image/png',
    buffer: Buffer.from('bytes'),
    size: 5,
    ...rest,
  });
  const form = (rest: Partial<ComparedRequest>): ComparedRequest => withType(FORM, { body: { title: 'x' }, ...rest });

  it('the boundary does not matter', async () => {
    const other = withType('multipart/form-data; boundary=other', { body: { title: 'x' }, file: file() });
    expect(await hex(other)).toBe(await hex(form({ file: file() })));
  });

  it('fields, files and their places matter', async () => {
    const different = [
      form({}),
      form({ body: {} }),
      form({ file: file() }),
      form({ file: file({ buffer: Buffer.from('other') }) }),
      form({ file: file({ originalname: 'b.png' }) }),
      form({ file: file({ mimetype: 'image/gif' }) }),
      form({ file: file({ fieldname: 'image' }) }),
      form({ files: [file()] }),
      form({ files: [file(), file()] }),
      form({ files: [file(), file({ buffer: Buffer.from('other') })] }),
      form({ files: [file({ buffer: Buffer.from('other') }), file()] }),
      form({ files: { photo: [file()] } }),
      form({ files: { photo: [file(), file()] } }),
      form({ files: { photo: [file()], image: [file()] } }),
    ];
    expect(new Set(await Promise.all(different.map(hex))).size).toBe(different.length);
  });

  it('methods called file and files are none', async () => {
    expect(await hex(form({ file: () => 1, files: () => 1 }))).toBe(await hex(form({})));
  });

  describe('with files on disk', () => {
    let directory = '';
    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), 'fingerprint-'));
    });
    afterEach(() => rm(directory, { recursive: true }));

    const onDisk = async (name: string, content: string): Promise<object> => {
      const path = join(directory, name);
      await writeFile(path, content);
      return file({ buffer: undefined, path, destination: directory, filename: name });
    };

    it('their bytes matter, their temporary names do not', async () => {
      const [one, same, other] = [await onDisk('1', 'bytes'), await onDisk('2', 'bytes'), await onDisk('3', 'BYTES')];
      expect(await hex(form({ file: one }))).toBe(await hex(form({ file: same })));
      expect(await hex(form({ file: one }))).not.toBe(await hex(form({ file: other })));
    });

    it('one that is gone is refused', async () => {
      const gone = fingerprintOf(form({ file: file({ buffer: undefined, path: join(directory, 'gone') }) }), PLACE);
      await expect(gone).rejects.toMatchObject({
        code: 'LOCK_OPTIONS',
        message: expect.stringContaining("the content of the file in the field 'photo' is not at hand. Write what must be equal"),
        cause: expect.objectContaining({ code: 'ENOENT' }),
      });
    });
  });

  it('a file that is elsewhere is refused', async () => {
    await expect(fingerprintOf(form({ file: file({ buffer: undefined, location: 's3://bucket/1' }) }), PLACE)).rejects.toThrow(
      LockOptionsError,
    );
  });

  describe('whose parts @fastify/multipart has put into the body', () => {
    const parts = (content: Buffer | null, name = 'x'): ComparedRequest => {
      const body: Record<string, unknown> = {};
      body['title'] = { type: 'field', fieldname: 'title', mimetype: 'text/plain', value: name, fields: body };
      body['photo'] = [
        {
          type: 'file',
          fieldname: 'photo',
          filename: 'a.png',
          mimetype: 'image/png',
          file: Readable.from([]),
          _buf: content,
          fields: body,
        },
      ];
      return withType(FORM, { body });
    };

    it('the values and bytes matter', async () => {
      const [one, same, other, titled] = [Buffer.from('1'), Buffer.from('1'), Buffer.from('2'), Buffer.from('1')];
      expect(await hex(parts(one))).toBe(await hex(parts(same)));
      expect(new Set(await Promise.all([parts(one), parts(other), parts(titled, 'y')].map(hex))).size).toBe(3);
    });

    it('a file that was led elsewhere is refused', async () => {
      await expect(fingerprintOf(parts(null), PLACE)).rejects.toThrow(/the file in the field 'photo' is not at hand/);
    });

    it('plain values are compared as they are', async () => {
      const plain = (content: string): Promise<string> => hex(withType(FORM, { body: { title: 'x', photo: Buffer.from(content) } }));
      expect(await plain('1')).toBe(await plain('1'));
      expect(await plain('1')).not.toBe(await plain('2'));
    });
  });
});

describe('of a value that the option returned', () => {
  it('text, JSON and bytes are taken', () => {
    const values = ['a', '', { a: 1 }, ['a'], 1, null, Buffer.from('a'), 1n];
    expect(new Set(values.map((value) => fingerprintOfValue(value, PLACE).toString('hex'))).size).toBe(values.length);
    expect(fingerprintOfValue({ a: 1, b: 2 }, PLACE)).toEqual(fingerprintOfValue({ b: 2, a: 1 }, PLACE));
  });

  it.each<[string, () => unknown]>([
    ['undefined', () => undefined],
    ['function', () => () => 1],
    ['Promise', () => Promise.reject(new Error('nobody waits for it'))],
    ['Map', () => new Map()],
  ])('a value of type %s is refused', (kind, make) => {
    expect(() => fingerprintOfValue(make(), PLACE)).toThrow(LockOptionsError);
    expect(() => fingerprintOfValue(make(), PLACE)).toThrow(
      `${PLACE}: fingerprint: a value of type ${kind} cannot be compared. Return what must be equal, as text, JSON or bytes.`,
    );
  });
});
