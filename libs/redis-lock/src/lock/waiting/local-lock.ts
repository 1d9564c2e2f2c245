import type { Hold } from '../hold.js';
import { AskedLock } from './asked-lock.js';
import type { LineParts } from './line-parts.js';
import { WaitingLine, type WaitingLineOwner } from './waiting-line.js';

/** What this process knows of one lock that is held alone: its own hold, whether it is asking for one, and its callers in line. */
export class LocalLock extends AskedLock implements WaitingLineOwner {
  hold: Hold | undefined;
  line: WaitingLine | undefined;

  constructor(key: string) {
    super(key, undefined);
  }

  openLine(parts: LineParts): WaitingLine {
    return (this.line ??= new WaitingLine(this, parts));
  }

  get isTaken(): boolean {
    return this.line !== undefined || this.isAsking || this.hold?.isHeld === true;
  }

  get isIdle(): boolean {
    return this.line === undefined && !this.isAsking && this.tries === 0 && this.hold === undefined;
  }

  onEntered(hold: Hold): void {
    this.hold = hold;
  }

  onReleased(hold: Hold): void {
    if (this.hold === hold) this.hold = undefined;
  }

  onLost(hold: Hold): void {
    this.onReleased(hold);
    this.line?.advance();
  }
}
