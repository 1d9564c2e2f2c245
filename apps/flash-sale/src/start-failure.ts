import { inspect } from 'node:util';
import { LockError } from 'nestjs-redis-lock';
import { ConfigurationError } from './config/configuration.error.js';
import { DatabaseUnavailableError } from './database/database-unavailable.error.js';

/** What to tell a person whose application did not start. Only what nobody foresaw comes with a stack trace. */
export function startFailure(error: unknown): string {
  if (error instanceof ConfigurationError || error instanceof DatabaseUnavailableError) return error.message;
  if (error instanceof LockError) return `The locks cannot be used: ${error.message}`;
  if (isSystemError(error) && error.code === 'EADDRINUSE') {
    return `Port ${error.port} is taken by another program. Take another one, for instance with PORT=${error.port + 1}, or 0 for any.`;
  }
  return inspect(error);
}

function isSystemError(error: unknown): error is Error & { code: string; port: number } {
  return error instanceof Error && 'code' in error && 'port' in error;
}
