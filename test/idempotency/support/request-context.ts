import type { ExecutionContext } from '@nestjs/common';

/** An execution context that knows its HTTP request, for what reads nothing else. */
export function contextOf(request: object): ExecutionContext {
  const http = { getRequest: () => request };
  const context = { switchToHttp: () => http };
  return context as unknown as ExecutionContext;
}
