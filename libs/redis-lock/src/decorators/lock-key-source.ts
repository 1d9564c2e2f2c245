/** A key template, or a function of the method's arguments. Its parameters may be of any type; the compiler holds them against the method's. */
export type OneKeySource = string | { key(...args: unknown[]): string }['key'];

/** What the keys of a call are made from: as for one key; or a list of templates, or a function that returns several keys, for all of them at once. */
export type LockKeySource = string | readonly string[] | { key(...args: unknown[]): string | readonly string[] }['key'];

/** Makes the key of one call, or all its keys. @throws LockKeyError, what the user's key function throws */
export type KeyOfCall<K> = (self: unknown, args: readonly unknown[]) => K;
