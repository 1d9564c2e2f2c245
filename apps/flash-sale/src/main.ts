import 'reflect-metadata';
import { startServer } from './server.js';
import { startFailure } from './start-failure.js';

// Started by a program that holds the other end, such as `npm start`: this one ends with it.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));

try {
  const url = await startServer();
  if (process.connected) process.send?.({ url });
} catch (error) {
  process.stderr.write(`${startFailure(error)}\n`);
  process.exit(1);
}
