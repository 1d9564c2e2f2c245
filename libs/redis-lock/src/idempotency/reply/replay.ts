import type { HttpExchange } from '../http-exchange.js';
import { ReplySubstitution } from './reply-substitution.js';
import type { StoredReply } from '../stored-reply.js';
import { overlay } from './own-properties.js';

/**
 * Has a stored reply sent in the place of the handler's.
 * @param answersItself the handler has `@Res()` or `@Next()`: Nest writes nothing for it
 */
export function replay(exchange: HttpExchange, reply: StoredReply, answersItself: boolean): void {
  const { response, rawResponse } = exchange;
  const substitution = new ReplySubstitution(rawResponse, reply);
  if (answersItself) {
    substitution.send();
    return;
  }
  // A template has nothing to show.
  const render = { value: () => substitution.send(), writable: true };
  overlay(response, 'raw' in response ? { view: render } : { render });
}
