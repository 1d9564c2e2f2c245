import type { HandedOver } from '../../store/lock-store.interface.js';
import type { Hold } from '../hold.js';
import type { LineOwner, WaitingLine } from './waiting-line.js';

/** What this process knows of one lock: its own hold, whether it is asking for one, and its callers in line. */
export class LocalLock implements LineOwner {
  hold: Hold | undefined;
  othersWait = false;
  /** A command that may be granted, for a caller who would wait, is under way. */
  isAsking = false;
  /** Attempts of callers who do not wait in line. */
  tries = 0;
  private asked = '';
  private early: HandedOver | undefined;
  /** Present while callers wait, or something of theirs is under way. */
  line: WaitingLine | undefined;

  constructor(readonly key: string) {}

  /** Whether a caller who is willing to wait need not ask the store: it comes after others of this process. */
  get isTaken(): boolean {
    return this.line !== undefined || this.isAsking || this.hold?.isHeld === true;
  }

  get isIdle(): boolean {
    return this.line === undefined && !this.isAsking && this.tries === 0 && this.hold === undefined;
  }

  onAsked(token: string): void {
    this.asked = token;
    this.early = undefined;
  }

  /** Keeps a message about the token that was asked for with, which came before the reply that says that it stands in line. False: it is none. */
  keepEarly(grant: HandedOver): boolean {
    if (!this.isAsking || this.asked !== grant.token) return false;
    this.early = grant;
    return true;
  }

  takeEarly(token: string): HandedOver | undefined {
    const { early } = this;
    this.early = undefined;
    return early?.token === token ? early : undefined;
  }

  onReleased(hold: Hold): void {
    if (this.hold === hold) this.hold = undefined;
  }

  onLost(hold: Hold): void {
    this.onReleased(hold);
    this.line?.advance();
  }
}
