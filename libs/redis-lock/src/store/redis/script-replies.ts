/** How the scripts say that something was done. */
export function isDone(reply: unknown): boolean {
  return reply === 1;
}

/** The shape is renew.lua's. */
export function eachDone(reply: unknown): boolean[] {
  return (reply as unknown[]).map(isDone);
}

/** PTTL answers with a negative number where there is no TTL. */
export function known(pttl: number | undefined): number | undefined {
  return pttl === undefined || pttl < 0 ? undefined : pttl;
}

/** Whether the server does not know a script by its digest. */
export function isNoScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}
