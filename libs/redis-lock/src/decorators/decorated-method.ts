import { isObservable } from 'rxjs';
import { LockOptionsError } from '../errors/lock-options.error.js';

/** Any method: it is called through Reflect.apply, with arguments its own type has checked. */
export type Method = (...args: never[]) => unknown;

/** The place a decorator stands at, and the function it found there. */
export interface DecoratedMethod {
  /** How the decorator is written, for messages: `@Locked`. */
  readonly decorator: string;
  readonly prototype: object;
  readonly key: string | symbol;
  /** `OrderService.buy`, for messages. */
  readonly label: string;
  readonly className: string;
  /** What the decorators below have left there. */
  readonly method: Method;
  /** What the class body defines. */
  readonly original: Method;
}

/** How a message names the decorator and its method. */
export function placeOf({ decorator, label }: Pick<DecoratedMethod, 'decorator' | 'label'>): string {
  return `${decorator} on ${label}`;
}

/**
 * Checks that a decorator stands on an instance method whose work is over when its promise settles.
 * @throws LockOptionsError
 */
export function decoratedMethod(decorator: string, target: unknown, key: unknown, descriptor: unknown): DecoratedMethod {
  const className = classNameOf(target);
  const label = labelOf(className, key);
  const refuse = (reason: string): never => {
    throw new LockOptionsError(`${placeOf({ decorator, label })}: ${reason}`);
  };
  if (typeof key === 'object' && key !== null) refuse("it is written for TypeScript's experimentalDecorators, which Nest needs as well.");
  if (typeof key !== 'string' && typeof key !== 'symbol')
    return refuse('it belongs on a method, not on a class or a constructor parameter.');
  if (typeof descriptor === 'number') refuse('it belongs on a method, not on a parameter.');
  if (typeof target !== 'object' || target === null)
    return refuse('a static method has no instance that Nest could give a LockService to.');
  const method = valueOf(descriptor);
  if (typeof method !== 'function')
    return refuse('it belongs on a method. A getter, a setter or a property (an arrow function too) cannot be locked.');
  refuseStreams(method, Reflect.getOwnMetadata('design:returntype', target, key), refuse);
  // A function that is called through Reflect.apply only.
  const found = method as Method;
  const original = valueOf(Object.getOwnPropertyDescriptor(target, key));
  return {
    decorator,
    prototype: target,
    key,
    label,
    className,
    method: found,
    original: typeof original === 'function' ? (original as Method) : found,
  };
}

/** Whoever reads a stream does so after the method has returned, when the lock is free again. */
function refuseStreams(method: object, returnType: unknown, refuse: (reason: string) => never): void {
  if (typeof returnType === 'function' && isObservable(returnType.prototype)) {
    refuse('an Observable does its work after the method has returned. Return a promise, for instance by firstValueFrom().');
  }
  if (Object.prototype.toString.call(method).includes('Generator')) {
    refuse('a generator does its work after the method has returned. Return a promise.');
  }
}

function valueOf(descriptor: unknown): unknown {
  return typeof descriptor === 'object' && descriptor !== null && 'value' in descriptor ? descriptor.value : undefined;
}

function classNameOf(target: unknown): string {
  const owner: unknown = typeof target === 'object' && target !== null ? target.constructor : target;
  return typeof owner === 'function' && owner.name !== '' ? owner.name : 'an unnamed class';
}

function labelOf(className: string, key: unknown): string {
  if (typeof key === 'symbol') return `${className}[${String(key)}]`;
  return typeof key === 'string' ? `${className}.${key}` : className;
}
