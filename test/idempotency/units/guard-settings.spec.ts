import { LockOptionsError, type PreventDuplicateOptions } from 'nestjs-redis-lock';
import { guardSettings } from '../../../libs/redis-lock/src/idempotency/guard-settings.js';
import { contextOf } from '../support/request-context.js';

const PLACE = '@PreventDuplicate on Orders.create';
const context = contextOf({ body: { orderNo: 'A1' } });

it('has a default for everything but the key and the scope', () => {
  const { keyOf, scopeOf, ...rest } = guardSettings({ key: '{body.orderNo}' }, 'global', PLACE);
  expect(rest).toEqual({ isKeyFunction: false, windowMs: 30_000, release: 'window', status: 409, message: undefined });
  expect([keyOf(context), scopeOf(context)]).toEqual(['A1', 'global']);
});

it('takes every option, and its own scope before the module’s', () => {
  const options: PreventDuplicateOptions = {
    key: () => 'k',
    scope: () => 'u-1',
    window: '1m',
    release: 'finish',
    status: 400,
    message: '请勿重复提交',
  };
  const { keyOf, scopeOf, ...rest } = guardSettings(options, 'global', PLACE);
  expect(rest).toEqual({ isKeyFunction: true, windowMs: 60_000, release: 'finish', status: 400, message: '请勿重复提交' });
  expect([keyOf(context), scopeOf(context)]).toEqual(['k', 'u-1']);
});

it.each<[object | string | undefined, RegExp]>([
  [undefined, /: the options are an object, for instance \{ key: /],
  ['order:{body.orderNo}', /: the options are an object, for instance \{ key: /],
  [{}, /: key: nothing says what makes a request a duplicate/],
  [{ key: '{order.id}' }, /: key: \{order\.id\} in the template .* names nothing in a request/],
  [{ key: 'k', Window: '1s' }, /: Unknown option 'Window'\. There are: key, scope, window, release, status, message\.$/],
  [{ key: 'k', window: null }, /: window: null says nothing/],
  [{ key: 'k', window: 0 }, /: window: 0 is too short/],
  [{ key: 'k', window: '1d' }, /: window: '1d' is not a duration/],
  [{ key: 'k', release: 'end' }, /: release: write 'window', 'finish' or 'error'\.$/],
  [{ key: 'k', status: 399 }, /: status: write a status from 400 to 499/],
  [{ key: 'k', status: 500 }, /: status: write/],
  [{ key: 'k', status: 400.5 }, /: status: write/],
  [{ key: 'k', status: '409' }, /: status: write/],
  [{ key: 'k', message: ' ' }, /: message: write the text/],
  [{ key: 'k', message: 1 }, /: message: write the text/],
  [{ key: 'k', scope: 'user' }, /: scope: this text is no scope/],
])('%p is refused', (options, message) => {
  expect(() => guardSettings(options, 'global', PLACE)).toThrow(LockOptionsError);
  expect(() => guardSettings(options, 'global', PLACE)).toThrow(message);
  expect(() => guardSettings(options, 'global', PLACE)).toThrow(/^@PreventDuplicate on Orders\.create: /);
});

it('needs a scope, its own or the module’s', () => {
  expect(() => guardSettings({ key: 'k' }, undefined, PLACE)).toThrow(`${PLACE}: scope: nothing says whose`);
  expect(guardSettings({ key: 'k', scope: 'global' }, undefined, PLACE).scopeOf(context)).toBe('global');
});
