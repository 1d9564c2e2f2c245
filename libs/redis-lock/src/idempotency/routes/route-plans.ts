import type { Type } from '@nestjs/common';
import { LockOptionsError } from '../../errors/lock-options.error.js';
import { guardSettings, type GuardSettings } from '../guard-settings.js';
import type { IdempotencyOptions } from '../idempotency.options.js';
import { idempotencySettings, type IdempotencySettings } from '../idempotency-settings.js';
import { answersItself, versionOf } from './nest-metadata.js';
import { DECORATORS, marksOf } from './route-marks.js';

/** What is done around one handler. */
export type RoutePlan = ReplayPlan | GuardPlan;

/** `@Idempotent()` */
export interface ReplayPlan {
  readonly kind: 'replay';
  readonly settings: IdempotencySettings;
  /** The handler has `@Res()`: Nest writes no reply for it. */
  readonly answersItself: boolean;
  readonly version: string;
  /** `@Idempotent on OrdersController.create`, for messages. */
  readonly place: string;
}

/** `@PreventDuplicate()` */
export interface GuardPlan {
  readonly kind: 'guard';
  readonly settings: GuardSettings;
  /** `@PreventDuplicate on OrdersController.create`, for messages. */
  readonly place: string;
}

/** Finds out, once, what is to be done around each handler. */
export class RoutePlans {
  private readonly plans = new WeakMap<object, Map<Type, RoutePlan | undefined>>();

  constructor(private readonly moduleOptions: IdempotencyOptions) {}

  /** Undefined for a handler without a decorator. @throws LockOptionsError */
  planOf(controller: Type, handler: object): RoutePlan | undefined {
    let ofHandler = this.plans.get(handler);
    if (ofHandler === undefined) this.plans.set(handler, (ofHandler = new Map<Type, RoutePlan | undefined>()));
    if (!ofHandler.has(controller)) ofHandler.set(controller, this.make(controller, handler));
    return ofHandler.get(controller);
  }

  private make(controller: Type, handler: object): RoutePlan | undefined {
    const ofMethod = marksOf(handler);
    const ofClass = marksOf(controller);
    const kinds = new Set((ofMethod.length > 0 ? ofMethod : ofClass).map(({ kind }) => kind));
    const [kind] = kinds;
    if (kind === undefined) return undefined;
    const name = 'name' in handler ? String(handler.name) : '';
    const place = `${DECORATORS[kind]} on ${controller.name}.${name}`;
    if (kinds.size > 1) {
      throw new LockOptionsError(`${place}: ${DECORATORS.replay} and ${DECORATORS.guard} do the same in two ways. Write one of them.`);
    }
    const marks = [...ofMethod, ...ofClass];
    if (kind === 'guard') {
      const nearest = marks.find((mark) => mark.kind === 'guard');
      return { kind, settings: guardSettings(nearest?.options, this.moduleOptions.scope, place), place };
    }
    const layers = marks.flatMap((mark) => (mark.kind === 'replay' ? [mark.options] : [])).reverse();
    return {
      kind,
      settings: idempotencySettings([this.moduleOptions, ...layers], place),
      answersItself: answersItself(controller, name),
      version: versionOf(controller, handler),
      place,
    };
  }
}
