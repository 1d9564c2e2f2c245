import type { ServerResponse } from 'node:http';

/** What Express's response and Fastify's reply have in common. */
interface FrameworkReply {
  status(code: number): unknown;
  header(name: string, value: string): unknown;
  send(body: string): unknown;
}

/** Fastify's reply: what it writes to. */
interface RawReply {
  readonly raw: ServerResponse;
}

/** As Nest's ArgumentsHost gives it: Express's, which is Node's own with more to it, Fastify's, or, from a middleware on Fastify, Node's own. */
export type HttpReply = (FrameworkReply & (ServerResponse | RawReply)) | ServerResponse;

const MEDIA_TYPE = 'application/problem+json; charset=utf-8';

/** Answers a request with a problem document, whatever HTTP framework Nest runs on. Where an answer is on its way already, that one is ended. */
export function replyWithProblem(reply: HttpReply, problem: { readonly status: number }, headers: Record<string, string>): void {
  const response = 'raw' in reply ? reply.raw : reply;
  if (response.headersSent) {
    if (!response.writableEnded) response.end();
    return;
  }
  const lines = Object.entries({ ...headers, 'Content-Type': MEDIA_TYPE });
  const body = JSON.stringify(problem);
  if ('send' in reply) {
    // By the framework's own means: its hooks and the headers it has gathered belong to the answer.
    reply.status(problem.status);
    for (const [name, value] of lines) reply.header(name, value);
    reply.send(body);
  } else {
    response.statusCode = problem.status;
    for (const [name, value] of lines) response.setHeader(name, value);
    response.end(body);
  }
}
