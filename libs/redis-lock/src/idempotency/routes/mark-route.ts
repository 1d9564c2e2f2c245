import { UseInterceptors } from '@nestjs/common';
import type { Method } from '../../decorators/decorated-method.js';
import { wrapMethod } from '../../decorators/wrapped-methods.js';
import { LockOptionsError } from '../../errors/lock-options.error.js';
import { HandlerRun } from '../handler-run.js';
import { IdempotencyInterceptor } from '../idempotency.interceptor.js';
import { routesOf } from './nest-metadata.js';
import { addMark, DECORATORS, type RouteMark } from './route-marks.js';

const wrappers = new WeakSet();

/** Whether calls of a handler tell the request's run that it has started. */
export function isMarkedHandler(handler: object): boolean {
  return wrappers.has(handler);
}

/** A decorator for a route, or for a class and all its routes, that has the interceptor applied and the handler's start noted. */
export function markRoute(mark: RouteMark): ClassDecorator & MethodDecorator {
  const decorator = DECORATORS[mark.kind];
  return (target: object, property?: string | symbol, descriptor?: PropertyDescriptor): void => {
    if (property === undefined) {
      markClass(target, mark, decorator);
      return;
    }
    const method: unknown = descriptor?.value;
    if (descriptor === undefined || typeof method !== 'function' || typeof target === 'function') {
      throw new LockOptionsError(`${decorator} on ${String(property)}: it belongs on a method of a controller, or on the controller.`);
    }
    // A function that is called through Reflect.apply only.
    const wrapped = noteStart(method as Method);
    descriptor.value = wrapped;
    addMark(wrapped, mark);
    UseInterceptors(IdempotencyInterceptor)(target, property, descriptor);
  };
}

/** Class decorators run after those of the methods, so that the routes are known; inherited ones become the class's own. */
function markClass(controller: object, mark: RouteMark, decorator: string): void {
  if (typeof controller !== 'function') throw new LockOptionsError(`${decorator}: it belongs on a controller or one of its methods.`);
  addMark(controller, mark);
  UseInterceptors(IdempotencyInterceptor)(controller);
  const prototype = controller.prototype as object; // of a class
  for (const [name, descriptor] of routesOf({ prototype })) {
    const { value } = descriptor;
    if (!wrappers.has(value)) Object.defineProperty(prototype, name, { ...descriptor, value: noteStart(value) });
  }
}

function noteStart(method: Method): Method {
  // The types of its parameters were checked where it was called.
  const call = method as (...args: unknown[]) => unknown;
  const wrapped = wrapMethod(method, (self, args) => HandlerRun.enter(() => Reflect.apply(call, self, args)));
  wrappers.add(wrapped);
  return wrapped;
}
