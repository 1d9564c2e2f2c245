import type { IdempotencyOptions, PreventDuplicateOptions } from '../idempotency.options.js';

/** What a decorator has left on a method or a class. */
export type RouteMark =
  { readonly kind: 'replay'; readonly options: IdempotencyOptions } | { readonly kind: 'guard'; readonly options: PreventDuplicateOptions };

/** How the decorator of a mark is written, for messages. */
export const DECORATORS = { replay: '@Idempotent', guard: '@PreventDuplicate' } as const;

const MARKS = 'nestjs-redis-lock:idempotency';

/** Adds a mark to a method's function or a class; those of its parent class stay the parent's. */
export function addMark(target: object, mark: RouteMark): void {
  Reflect.defineMetadata(MARKS, [...ownMarks(target), mark], target);
}

/** The marks of a method's function, or of a class and the classes it extends, nearest first. */
export function marksOf(target: object): readonly RouteMark[] {
  const marks: RouteMark[] = [];
  for (let at: object | null = target; at !== null && at !== Function.prototype; at = Object.getPrototypeOf(at) as object | null) {
    marks.push(...ownMarks(at));
  }
  return marks;
}

function ownMarks(target: object): readonly RouteMark[] {
  // Only addMark() writes under this key.
  return (Reflect.getOwnMetadata(MARKS, target) as readonly RouteMark[] | undefined) ?? [];
}
