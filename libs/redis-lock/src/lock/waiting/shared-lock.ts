import type { Sharing } from '../../store/sharing.js';
import { AskedLock } from './asked-lock.js';
import type { LineParts } from './line-parts.js';
import { SharedLine, type SharedLineOwner } from './shared-line.js';

/** What this process knows of one lock that its callers share: whether it is asking for shares, and its callers in line. Any number may hold one. */
export class SharedLock extends AskedLock implements SharedLineOwner {
  line: SharedLine | undefined;

  constructor(
    key: string,
    override readonly sharing: Sharing,
  ) {
    super(key, sharing);
  }

  openLine(parts: LineParts): SharedLine {
    return (this.line ??= new SharedLine(this, parts));
  }

  get isTaken(): boolean {
    return this.line !== undefined || this.isAsking;
  }

  get isIdle(): boolean {
    return this.line === undefined && !this.isAsking && this.tries === 0;
  }

  onEntered(): void {
    // The keeper knows every hold; here nobody waits for one of them to end.
  }

  onReleased(): void {
    // Whoever comes next asks the store.
  }

  onLost(): void {
    this.line?.advance();
  }
}
