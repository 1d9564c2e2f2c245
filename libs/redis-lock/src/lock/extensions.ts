import type { Clock, Instant, Timers } from '../runtime/clock.js';
import type { LockStore } from '../store/lock-store.interface.js';
import type { Hold } from './hold.js';
import type { LeaseKeeper } from './lease-keeper.js';
import type { EngineSettings } from './lock-request.js';

/** What an extension needs. */
export interface ExtensionParts {
  readonly store: LockStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly settings: EngineSettings;
  readonly keeper: LeaseKeeper;
}

/**
 * Sets leases anew. Only this may shorten one, so an extension whose answer stays out is in doubt until the server would refuse it:
 * it may still arrive, behind a longer one. Until then no lease longer than it is believed.
 */
export class Extensions {
  constructor(private readonly parts: ExtensionParts) {}

  /** False when the lock is lost. @throws LockStoreError when the answer is not known */
  async extend(hold: Hold, ttl: number): Promise<boolean> {
    const { clock } = this.parts;
    for (;;) {
      const sent = clock.now();
      const doubtMs = hold.doubtMs(ttl, sent);
      await this.send(hold, ttl, sent);
      if (!hold.isHeldAt(clock.now())) return false;
      if (doubtMs === 0) return true;
      // As long as may be for now, over and over; the whole of it when the older one can no longer arrive.
      await this.pause(Math.min(doubtMs, hold.leftMs(clock.now()) / 2));
      if (!hold.isHeldAt(clock.now())) return false;
    }
  }

  private async send(hold: Hold, ttl: number, sent: Instant): Promise<void> {
    const { store, settings, keeper } = this.parts;
    const leaseMs = hold.leaseToAsk(ttl, sent);
    const extension = hold.beginExtension(sent, leaseMs);
    hold.ttl = ttl;
    hold.renewAt = hold.nextRenewal(sent, leaseMs);
    keeper.scheduleFor(hold);
    let held: boolean;
    try {
      held = await store.extend({ key: hold.key, token: hold.token, leaseMs, sharing: hold.request.sharing });
    } catch (error) {
      // Its deadline, and as much again for errors in the estimate of the server's clock.
      hold.doubtExtension(leaseMs, sent.monotonic + 2 * settings.commandTimeout);
      this.end(hold, extension);
      throw error;
    }
    this.end(hold, extension);
    if (held) hold.confirm(sent, leaseMs, extension);
    else hold.lose('taken');
    keeper.scheduleFor(hold);
  }

  private end(hold: Hold, extension: number): void {
    const { keeper, clock } = this.parts;
    // None of them could be believed; what is asked for after all of them can.
    if (hold.endExtension(extension) && hold.isRenewed) hold.renewAt = clock.now().monotonic;
    keeper.scheduleFor(hold);
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.parts.timers.after(ms, resolve));
  }
}
