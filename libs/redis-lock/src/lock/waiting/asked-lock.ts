import type { HandedOver } from '../../store/lock-store.interface.js';
import type { Sharing } from '../../store/sharing.js';
import type { Hold, HoldOwner } from '../hold.js';
import type { Line } from './line.js';
import type { LineParts } from './line-parts.js';

/** What this process knows of one lock that its callers ask for: alone, to read, or for a permit. */
export abstract class AskedLock implements HoldOwner {
  othersWait = false;
  /** A command that may be granted, for a caller who would wait, is under way. */
  isAsking = false;
  /** Attempts of callers who do not wait in line. */
  tries = 0;
  private asked = '';
  private early: HandedOver | undefined;
  /** Present while callers wait, or something of theirs is under way. */
  abstract line: Line | undefined;

  constructor(
    readonly key: string,
    /** Undefined for the lock as a whole. */
    readonly sharing: Sharing | undefined,
  ) {}

  /** The line, which there is from now on. */
  abstract openLine(parts: LineParts): Line;
  /** Whether a caller who is willing to wait need not ask the store: it comes after others of this process. */
  abstract get isTaken(): boolean;
  /** Whether there is nothing to know. */
  abstract get isIdle(): boolean;
  abstract onEntered(hold: Hold): void;
  abstract onReleased(hold: Hold): void;
  abstract onLost(hold: Hold): void;

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
}
