import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const LOADER = new URL('../../tools/typescript-loader.mjs', import.meta.url).href;
const PROGRAM = fileURLToPath(new URL('children/leave-everything.ts', import.meta.url));

it('locks, leases and waits that are left behind do not keep a process alive, and reject nothing unseen', async () => {
  const child = fork(PROGRAM, [], { execArgv: ['--import', LOADER], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const reached = performance.now();
  child.disconnect();
  const [code] = (await once(child, 'exit', { signal: AbortSignal.timeout(25_000) }).finally(() => child.kill('SIGKILL'))) as [
    number | null,
  ]; // as 'exit' brings it

  expect(output).toContain('LockBusyError');
  expect(output).toContain('end of the program');
  expect(output).not.toContain('unhandled');
  expect(code).toBe(0);
  // The leases that it left are an hour long.
  expect(performance.now() - reached).toBeLessThan(25_000);
});
