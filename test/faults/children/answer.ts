/** What a program sends to its test: the outcome of a request, or one of the two below. */
export type Answer = { id: number; result?: unknown } | { id: number; failure: string };

/** The program has come to a certain point. */
export const NOTICE = -1;
/** The program can take requests. */
export const READY = 0;

/** The exit code of a program that its test has left. */
const ORPHANED = 3;

/** What the test asks of this process. */
interface Request {
  readonly id: number;
  readonly command: string;
  readonly args: readonly never[];
}

/** The options that the test started this program with, as ChildProgram.start() writes them. */
export function readOptions(): unknown {
  return JSON.parse(process.argv[2] ?? '{}');
}

/** Says that the program is ready, and from then on answers requests by calling the method of that name. */
export function answerWith(commands: Record<string, (...args: never[]) => unknown>): void {
  process.on('message', (request: Request) => void answer(commands, request));
  // Without its test this process has no purpose, and nothing of its own to stay for.
  process.on('disconnect', () => setTimeout(() => process.exit(ORPHANED), 10_000).unref());
  tell({ id: READY });
}

/** Tells the test that a certain point is reached. */
export function notify(): void {
  tell({ id: NOTICE });
}

function tell(answer: Answer): void {
  process.send?.(answer);
}

async function answer(commands: Record<string, (...args: never[]) => unknown>, { id, command, args }: Request): Promise<void> {
  try {
    const run = commands[command];
    if (run === undefined) throw new Error(`Unknown command ${command}`);
    tell({ id, result: await run(...args) });
  } catch (error) {
    tell({ id, failure: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}
