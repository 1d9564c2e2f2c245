import type { HandedOver } from '../../store/lock-store.interface.js';
import type { Hold, HoldOwner } from '../hold.js';
import type { WaitingLine } from './waiting-line.js';

/** What this process knows of one lock: its own hold, whether it is asking for one, and its callers in line. */
export class LocalLock implements HoldOwner {
  hold: Hold | undefined;
  /** A command that may be granted, for a caller who would wait, is under way. */
  isAsking = false;
  /** The token that stands in line if the lock is busy, and the message about it that came before the reply that says so. */
  asked = '';
  early: HandedOver | undefined;
  /** Present while callers wait, or something of theirs is under way. */
  line: WaitingLine | undefined;

  constructor(readonly key: string) {}

  /** Whether a caller who is willing to wait need not ask the store: it comes after others of this process. */
  get isTaken(): boolean {
    return this.line !== undefined || this.isAsking || this.hold?.isHeld === true;
  }

  get isIdle(): boolean {
    return this.line === undefined && !this.isAsking && this.hold === undefined;
  }

  onReleased(hold: Hold): void {
    if (this.hold === hold) this.hold = undefined;
  }

  onLost(hold: Hold): void {
    this.onReleased(hold);
    this.line?.advance();
  }
}
