import type { HttpExchange } from '../http-exchange.js';
import { ReplySubstitution } from './reply-substitution.js';
import type { StoredReply } from '../stored-reply.js';

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
  Object.assign(response, { [exchange.isFastify ? 'view' : 'render']: () => substitution.send() });
}
