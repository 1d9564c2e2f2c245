import type { ExecutionContext } from '@nestjs/common';
import type { Operation } from './record-naming.js';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Express's request, or Fastify's with Node's own in `raw`. */
interface FrameworkRequest {
  readonly raw?: IncomingMessage;
  readonly route?: { readonly path?: string };
  readonly baseUrl?: string;
  readonly routeOptions?: { readonly url?: string };
  readonly params?: Operation['params'];
}

/** Express's response, which is Node's own with more to it, or Fastify's reply. */
export type FrameworkResponse = ServerResponse | FastifyResponse;

interface FastifyResponse {
  readonly raw: ServerResponse;
  header(name: string, value: string): unknown;
  getHeader(name: string): unknown;
}

/** One HTTP request and its response, whatever framework Nest runs on. */
export class HttpExchange {
  readonly rawRequest: IncomingMessage;
  readonly rawResponse: ServerResponse;
  readonly response: FrameworkResponse;
  private readonly request: FrameworkRequest;

  constructor(context: ExecutionContext) {
    const http = context.switchToHttp();
    this.request = http.getRequest<FrameworkRequest>();
    this.response = http.getResponse<FrameworkResponse>();
    // Without `raw` it is Node's own object.
    this.rawRequest = this.request.raw ?? (this.request as IncomingMessage);
    this.rawResponse = 'raw' in this.response ? this.response.raw : this.response;
  }

  get isFastify(): boolean {
    return 'raw' in this.response;
  }

  get method(): string {
    return this.rawRequest.method ?? '';
  }

  /** Whether HTTP itself calls the method safe: repeating it changes nothing. */
  get isSafe(): boolean {
    return this.method === 'GET' || this.method === 'HEAD' || this.method === 'OPTIONS';
  }

  /** The route as it was registered, prefix and placeholders included. */
  get route(): string {
    const { routeOptions, route, baseUrl = '' } = this.request;
    return routeOptions?.url ?? `${baseUrl}${route?.path ?? ''}`;
  }

  get params(): Operation['params'] {
    return this.request.params ?? {};
  }

  /** A header's value; several lines come joined, as Node joins them. */
  header(name: string): string | undefined {
    const value = this.rawRequest.headers[name.toLowerCase()];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  /** Whether the client has gone. */
  get isForlorn(): boolean {
    return this.rawRequest.socket.destroyed;
  }
}
