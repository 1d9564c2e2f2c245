import type { LockLog } from '../runtime/lock-log.js';
import type { Outcome } from '../store/record-store.interface.js';
import type { HandlerRun } from './handler-run.js';
import type { IdempotencySettings } from './idempotency-settings.js';
import type { ReplyHead } from './reply/raw-response.js';
import type { ReplyKeeper } from './reply/reply-capture.js';
import type { RunningAttempt } from './running-attempt.js';
import { sealReply } from './sealed-reply.js';
import { headersToStore } from './stored-headers.js';
import type { StoredReply } from './stored-reply.js';

const NO_BODY = Buffer.alloc(0);

/**
 * Decides what a reply means for its record. A request whose handler never started, and one that failed, leaves the key free; but not while the
 * handler still runs, whatever has been answered in its place (by a timeout, for instance): a retry would run it a second time beside it.
 */
export class OutcomeKeeper implements ReplyKeeper {
  private committed = false;

  constructor(
    private readonly attempt: RunningAttempt,
    private readonly run: HandlerRun,
    private readonly settings: IdempotencySettings,
    private readonly log: LockLog,
  ) {}

  commit(): void {
    this.committed = true;
  }

  keep(reply: StoredReply): Promise<boolean> {
    return this.settle(reply, () => this.whole(reply));
  }

  keepHead(head: ReplyHead): Promise<boolean> {
    return this.settle(head, () => this.onlyHead(head));
  }

  private async settle(head: ReplyHead, outcome: () => Promise<Outcome>): Promise<boolean> {
    const { attempt, run } = this;
    if (!run.hasStarted) {
      run.callOff();
      return attempt.settle(undefined);
    }
    if (this.isFinal(head.status)) return attempt.settle(await outcome());
    if (run.hasEnded) return attempt.settle(undefined);
    run.whenEnded((succeeded) => void this.settleLate(succeeded, head));
    return false;
  }

  /** The reply in its place is no outcome of what the handler did after all. Never rejects. */
  private async settleLate(succeeded: boolean, head: ReplyHead): Promise<void> {
    await this.attempt.settle(succeeded || this.committed ? await this.onlyHead({ ...head, headers: [] }) : undefined);
  }

  private isFinal(status: number): boolean {
    if (status < 400 || this.committed) return true;
    const { storeErrors } = this.settings;
    return storeErrors === 'all' || (storeErrors === '4xx' && status < 500);
  }

  private async whole({ status, headers, body }: StoredReply): Promise<Outcome> {
    try {
      const reply = await sealReply({ status, headers: headersToStore(headers, this.settings.isStored), body }, this.settings);
      return { state: 'done', reply };
    } catch (error) {
      this.log.warn(`A reply could not be made ready for storing: ${error instanceof Error ? error.message : String(error)}`);
      return { state: 'unreplayable', reply: NO_BODY };
    }
  }

  private async onlyHead({ status, headers }: ReplyHead): Promise<Outcome> {
    const location = headers.filter(([name]) => name.toLowerCase() === 'location');
    const { reply } = await this.whole({ status, headers: location, body: NO_BODY });
    return { state: 'unreplayable', reply };
  }
}
