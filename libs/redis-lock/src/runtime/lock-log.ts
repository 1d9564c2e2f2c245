/** Where the engine reports what an operator should know. Nest's Logger fits. */
export interface LockLog {
  warn(message: string): void;
}
