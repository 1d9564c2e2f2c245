/** Where the callers write down what they did: keys that have nothing to do with the records. */
export const recordLog = {
  /** Calls that are still to be made. */
  queue: 'log:queue',
  /** The name of each caller, at its number. */
  callers: 'log:callers',
  /** How many outcomes were not stored, or not in time. */
  refused: 'log:refused',
  /** Of each start of a handler, its attempt. */
  starts: (key: string): string => `log:starts:${key}`,
  /** Each answer that somebody stored or was given. */
  replies: (key: string): string => `log:replies:${key}`,
  /** The keys that a caller runs right now. */
  owned: (name: string): string => `log:owned:${name}`,
} as const;
