import { Controller, Headers, Post, type Type } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';
import { Idempotent, IdempotencyContext } from 'nestjs-redis-lock';
import { defer, type Observable } from 'rxjs';

/** One start of a handler. */
export interface OrderStart {
  readonly key: string;
  /** What the client called this try of its request. */
  readonly trial: string;
}

/** What a handler does: notes its start where the records are not, takes a while, and makes a reply unlike any other. */
export interface OrderWork {
  note(start: OrderStart): unknown;
  workMs(): number;
}

/** The client's name for one try of a request. */
export const TRIAL_HEADER = 'x-trial';

let made = 0;

/** Routes whose handlers tell when they start. */
export function orderController(work: OrderWork): Type {
  const run = async (key: string | undefined, trial: string | undefined): Promise<object> => {
    await work.note({ key: key ?? '', trial: trial ?? '' });
    await pause(work.workMs());
    return { key, made: `${String(process.pid)}-${String(++made)}` };
  };

  @Controller()
  class OrderController {
    @Post('retry')
    @Idempotent({ onLeaseExpired: 'retry' })
    retry(@IdempotencyContext() { key }: IdempotencyContext, @Headers(TRIAL_HEADER) trial?: string): Promise<object> {
      return run(key, trial);
    }

    @Post('block')
    @Idempotent({ onLeaseExpired: 'block' })
    block(@IdempotencyContext() { key }: IdempotencyContext, @Headers(TRIAL_HEADER) trial?: string): Promise<object> {
      return run(key, trial);
    }

    @Post('observable')
    @Idempotent()
    observable(@IdempotencyContext() { key }: IdempotencyContext, @Headers(TRIAL_HEADER) trial?: string): Observable<object> {
      return defer(() => run(key, trial));
    }
  }
  return OrderController;
}
