import { request, type ClientRequest } from 'node:http';

/** What came over the wire: header lines as they were sent, the body's bytes unchanged (fetch would unpack them). */
export interface RawReply {
  readonly status: number;
  /** Names in lower case; one entry for each line. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

export interface RawSending {
  readonly method?: string;
  /** Several lines of one name are a list. */
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Buffer;
  /** Gets hold of the request, to break it off. */
  readonly onRequest?: (request: ClientRequest) => void;
}

/** Sends a request byte for byte, on a connection of its own. */
export function rawRequest(url: string, { method = 'POST', headers = {}, body, onRequest }: RawSending = {}): Promise<RawReply> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: pairs(response.rawHeaders), body: Buffer.concat(chunks) }),
      );
    });
    sent.on('error', reject);
    onRequest?.(sent);
    sent.end(body);
  });
}

/** The values of all lines of a header. */
export function valuesOf({ headers }: RawReply, name: string): string[] {
  return headers.filter(([given]) => given === name.toLowerCase()).map(([, value]) => value);
}

function pairs(list: readonly string[]): [string, string][] {
  const found: [string, string][] = [];
  for (let i = 0; i + 1 < list.length; i += 2) found.push([String(list[i]).toLowerCase(), String(list[i + 1])]);
  return found;
}
