/** The database could not be opened, or its schema not brought up to date. The application does not start. */
export class DatabaseUnavailableError extends Error {
  constructor(cause: unknown) {
    super(`The database cannot be used: ${reasonOf(cause)}`, { cause });
    this.name = DatabaseUnavailableError.name;
  }
}

/** Where a host has several addresses, the error for all of them says nothing itself. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
