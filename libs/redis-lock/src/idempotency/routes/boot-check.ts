import type { Type } from '@nestjs/common';
import { LockOptionsError } from '../../errors/lock-options.error.js';
import type { LockLog } from '../../runtime/lock-log.js';
import { IdempotencyInterceptor } from '../idempotency.interceptor.js';
import { isMarkedHandler } from './mark-route.js';
import { interceptorsOf, isEventStream, readsMultipart, routesOf, type RouteMethod } from './nest-metadata.js';
import type { RoutePlan, RoutePlans } from './route-plans.js';

/** Looks at all routes at start-up: what cannot work is refused there, and not at the first request. */
export class BootCheck {
  constructor(
    private readonly plans: RoutePlans,
    private readonly log: LockLog,
  ) {}

  /** @returns whether there is a route that needs the store @throws LockOptionsError */
  check(controllers: readonly Type[]): boolean {
    return controllers.map((controller) => this.checkController(controller)).some(Boolean);
  }

  private checkController(controller: Type): boolean {
    const routes = [...routesOf(controller).values()].map(({ value }) => value);
    const planned = routes.filter((handler) => {
      const plan = this.plans.planOf(controller, handler);
      if (plan !== undefined) checkRoute(controller, handler, plan);
      return plan !== undefined;
    });
    const listed = [controller, ...routes].some((target) => interceptorsOf(target).includes(IdempotencyInterceptor));
    if (listed && planned.length === 0) {
      this.log.warn(
        `${controller.name} lists IdempotencyInterceptor, which does nothing there: write @Idempotent() on its routes, or on the class.`,
      );
    }
    return planned.length > 0;
  }
}

function checkRoute(controller: Type, handler: RouteMethod, plan: RoutePlan): void {
  const { place } = plan;
  if (!isMarkedHandler(handler)) {
    throw new LockOptionsError(
      `${place}: the decorator is on a class that ${controller.name} extends, which does not reach the routes of ${controller.name}. Write it on ${controller.name} too.`,
    );
  }
  if (plan.kind === 'guard') return;
  if (isEventStream(handler))
    throw new LockOptionsError(`${place}: a stream of events cannot be replayed. Take @Idempotent() off the route.`);
  if (plan.settings.fingerprint === undefined && parserRunsInside(controller, handler)) {
    throw new LockOptionsError(
      `${place}: the interceptor that reads the multipart body runs inside, so that nothing can be compared. Write @Idempotent() below it, or give \`fingerprint\`.`,
    );
  }
}

/** Interceptors of the class run outside those of the method. */
function parserRunsInside(controller: Type, handler: RouteMethod): boolean {
  const order = [...interceptorsOf(controller), ...interceptorsOf(handler)];
  return order.slice(order.indexOf(IdempotencyInterceptor)).some(readsMultipart);
}
