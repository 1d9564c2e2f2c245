import { Controller, Get, Options, Post } from '@nestjs/common';
import { Idempotent } from 'nestjs-redis-lock';
import { FRAMEWORKS, HttpStage, newKey } from './support/http-stage.js';
import { rawRequest } from './support/raw-request.js';
import { WatchedCommands } from './support/watched-commands.js';

@Controller()
class Keys {
  starts = 0;

  @Post('needed')
  @Idempotent()
  needed(): object {
    return { start: ++this.starts };
  }

  @Post('optional')
  @Idempotent({ required: false })
  optional(): object {
    return { start: ++this.starts };
  }

  @Post('named')
  @Idempotent({ header: 'X-Submit-Key' })
  named(): object {
    return { start: ++this.starts };
  }

  @Post('plain')
  plain(): object {
    return { start: ++this.starts };
  }
}

@Controller('reads')
class Reads {
  starts = 0;

  @Get('safe')
  @Idempotent()
  safe(): object {
    return { start: ++this.starts };
  }

  @Options('safe')
  @Idempotent()
  options(): object {
    return { start: ++this.starts };
  }
}

describe.each(FRAMEWORKS)('The key of a request (%s)', (framework) => {
  let stage: HttpStage;
  let keys: Keys;
  beforeAll(async () => {
    stage = await HttpStage.open({ framework, controllers: [Keys, Reads], idempotency: { scope: 'global' } });
    keys = stage.get(Keys);
  });
  afterAll(() => stage.close());
  beforeEach(() => {
    keys.starts = 0;
    stage.get(Reads).starts = 0;
  });

  /** fetch would trim and join. */
  const raw = (value: string | string[], path = '/needed') => rawRequest(stage.url + path, { headers: { 'Idempotency-Key': value } });

  it('is asked for with a link to what it is', async () => {
    const response = await stage.send('/needed');
    expect(response.status).toBe(400);
    expect(response.headers.get('link')).toMatch(/^<https:.+>; rel="describedby"$/);
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(await response.json()).toMatchObject({ code: 'IDEMPOTENCY_KEY_MISSING', status: 400, type: expect.any(String) });
    expect(keys.starts).toBe(0);
  });

  it('is not asked for where it is optional, and then binds nothing', async () => {
    expect(await (await stage.send('/optional')).json()).toEqual({ start: 1 });
    const second = await stage.send('/optional');
    expect(await second.json()).toEqual({ start: 2 });
    expect(second.headers.has('idempotent-replayed')).toBe(false);
  });

  it('binds where it is optional and given', async () => {
    const key = newKey();
    await stage.send('/optional', { key });
    const second = await stage.send('/optional', { key });
    expect(await second.json()).toEqual({ start: 1 });
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect(keys.starts).toBe(1);
  });

  it('is checked where it is optional', async () => {
    expect((await raw('', '/optional')).status).toBe(400);
    expect(keys.starts).toBe(0);
  });

  it('may come in a header of another name', async () => {
    const headers = { 'X-Submit-Key': newKey() };
    expect(await (await stage.send('/named', { headers })).json()).toEqual({ start: 1 });
    expect(await (await stage.send('/named', { headers })).json()).toEqual({ start: 1 });
    const missing = await stage.send('/named', { key: newKey() });
    expect(missing.status).toBe(400);
    expect(JSON.stringify(await missing.json())).toContain('X-Submit-Key');
    expect(keys.starts).toBe(1);
  });

  it.each([
    ['nothing', ''],
    ['spaces', '   '],
    ['empty quotes', '""'],
    ['quotes around a space', '" "'],
    ['256 octets', 'k'.repeat(256)],
    ['256 octets in quotes', `"${'k'.repeat(256)}"`],
    ['a tab inside', 'a\tb'],
    ['letters beyond ASCII', 'schl\u00fcssel'],
    ['a list', 'a,b'],
    ['an open quote', '"a'],
    ['a quote inside', 'a"b'],
    ['two strings', '"a" "b"'],
    ['a bad escape', '"a\\b"'],
    ['a bad parameter', '"a";=1'],
    ['two lines', ['a', 'b']],
    ['two equal lines', ['a', 'a']],
  ])('is refused when it is %s', async (_name, value) => {
    const reply = await raw(value);
    expect(reply.status).toBe(400);
    expect(JSON.parse(reply.body.toString())).toMatchObject({ code: 'IDEMPOTENCY_KEY_INVALID' });
    expect(keys.starts).toBe(0);
  });

  it.each([
    ['255 octets', (key: string) => [key.padEnd(255, 'k'), key.padEnd(255, 'k')]],
    ['255 octets in quotes', (key: string) => [`"${key.padEnd(255, 'q')}"`, key.padEnd(255, 'q')]],
    ['bare and in quotes', (key: string) => [key, `"${key}"`]],
    ['in quotes and bare', (key: string) => [`"${key}"`, key]],
    ['with parameters', (key: string) => [`"${key}";v=1;w="x;y"; flag`, key]],
    ['with spaces around', (key: string) => [`  ${key}  `, key]],
    ['with a space inside', (key: string) => [`${key} more`, `"${key} more"`]],
    ['with escapes', (key: string) => [`"${key}\\"\\\\"`, `"${key}\\"\\\\";a`]],
    ['with a comma in quotes', (key: string) => [`"${key},b"`, `"${key},b"`]],
    ['with a star', (key: string) => [`*${key}*`, `"*${key}*"`]],
    ['with braces and a colon', (key: string) => [`{${key}}:{x}`, `"{${key}}:{x}"`]],
    ['with a semicolon', (key: string) => [`${key};a=1`, `"${key};a=1"`]],
  ])('is the same %s', async (_name, spellings) => {
    const [first = '', second = ''] = spellings(newKey());
    expect(JSON.parse((await raw(first)).body.toString())).toEqual({ start: 1 });
    const reply = await raw(second);
    expect(JSON.parse(reply.body.toString())).toEqual({ start: 1 });
    expect(reply.headers).toContainEqual(['idempotent-replayed', 'true']);
    expect(keys.starts).toBe(1);
  });

  it('may be a lone star', async () => {
    expect((await raw('*')).status).toBe(201);
    expect((await raw('*')).headers).toContainEqual(['idempotent-replayed', 'true']);
    expect(keys.starts).toBe(1);
  });

  it.each([
    ['upper case', (key: string) => key.toUpperCase()],
    ['a longer one', (key: string) => `${key}0`],
    ['a parameter without quotes', (key: string) => `${key};a=1`],
  ])('differs from %s', async (_name, other) => {
    const key = newKey();
    await raw(key);
    expect(JSON.parse((await raw(other(key))).body.toString())).toEqual({ start: 2 });
  });

  it('is in no answer that refuses it', async () => {
    const response = await stage.send('/needed', { key: 'secret,secret' });
    expect(await response.text()).not.toContain('secret');
  });

  it('reaches Redis in no name and no value', async () => {
    const key = `visible-${newKey()}`;
    const watched = await WatchedCommands.open(key);
    try {
      expect(await watched.during(() => stage.send('/needed', { key }))).toBe(0);
    } finally {
      watched.close();
    }
    expect(keys.starts).toBe(1);
  });

  it.each([
    ['GET', '/reads/safe'],
    ['HEAD', '/reads/safe'],
    ['OPTIONS', '/reads/safe'],
    ['POST', '/plain'],
  ] as const)('has no part in %s %s: no header, no command', async (method, path) => {
    const watched = await WatchedCommands.open(stage.keyPrefix);
    try {
      // What is counted is seen: a request with a key.
      expect(await watched.during(() => stage.send('/needed', { key: newKey() }))).toBeGreaterThan(0);
      keys.starts = 0;
      const key = newKey();
      const count = await watched.during(async () => {
        for (let i = 0; i < 2; i++) {
          const response = await stage.send(path, { key, method });
          expect(response.ok).toBe(true);
          expect([...response.headers.keys()].filter((name) => name.startsWith('idempot'))).toEqual([]);
        }
      });
      expect(count).toBe(0);
    } finally {
      watched.close();
    }
    expect(keys.starts + stage.get(Reads).starts).toBe(2);
  });

  it('is not asked for where the method is safe', async () => {
    expect((await stage.send('/reads/safe', { method: 'GET' })).status).toBe(200);
  });
});
