import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';

/**
 * What an instance answered; `body` is what the demonstration reads of a JSON document, and undefined where there is none.
 * `isReplayed` says that it is the stored reply of an earlier request.
 * @typedef {{ status: number, retryAfter: string | undefined, isReplayed: boolean, body: { id?: number, stock?: number, code?: string } | undefined, text: string }} Answer
 */

/**
 * Asks instances over HTTP, for many clients at once: each request has a connection of its own, as if it came from another machine.
 * That also means that none is kept, and found closed just when it is used again.
 */
export class ShopClient {
  #agent = new Agent({ keepAlive: false });
  #isClosed = false;

  /** @param {string} url */
  get(url) {
    return this.#ask(url, 'GET', undefined, {});
  }

  /**
   * @param {string} url
   * @param {object} [body]
   * @param {Record<string, string>} [headers]
   */
  post(url, body, headers = {}) {
    return this.#ask(url, 'POST', body === undefined ? undefined : JSON.stringify(body), headers);
  }

  /**
   * @param {string} url
   * @param {object} body
   */
  put(url, body) {
    return this.#ask(url, 'PUT', JSON.stringify(body), {});
  }

  /** Breaks off all requests under way; those that come later are refused. */
  close() {
    this.#isClosed = true;
    this.#agent.destroy();
  }

  /**
   * @param {string} url
   * @param {string} method
   * @param {string | undefined} body
   * @param {Record<string, string>} own
   * @returns {Promise<Answer>}
   */
  async #ask(url, method, body, own) {
    if (this.#isClosed) throw new Error('The client is closed.');
    const headers = body === undefined ? own : { ...own, 'content-type': 'application/json' };
    const sent = request(url, { method, headers, agent: this.#agent });
    // One that comes after the answer has begun reaches whoever reads that.
    sent.on('error', () => undefined);
    sent.end(body);
    /** @type {import('node:http').IncomingMessage} */
    const response = (await once(sent, 'response'))[0];
    const answer = await text(response);
    return {
      status: response.statusCode ?? 0,
      retryAfter: response.headers['retry-after'],
      isReplayed: response.headers['idempotent-replayed'] === 'true',
      body: parsed(answer),
      text: answer,
    };
  }
}

/** @param {string} answer */
function parsed(answer) {
  try {
    return JSON.parse(answer);
  } catch {
    return undefined;
  }
}
