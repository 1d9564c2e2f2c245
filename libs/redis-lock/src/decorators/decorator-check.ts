import type { LockBusyError } from '../errors/lock-busy.error.js';
import type { OnBusy } from './locked-options.js';
import type { SaysNothing, TemplateFault } from './template-check.js';

// A plain OnBusy is what an option has that is not written in place, or not at all: nothing can be said of it.

/** One way to call a method. */
interface Call<P extends readonly unknown[], R> {
  readonly parameters: P;
  readonly result: R;
}

/**
 * What a decorator adds to the type of its method's descriptor: nothing (`unknown`) where all is well, else a text that no descriptor is, so that
 * the compiler shows it. `any` passes.
 */
export type DecoratorCheck<K, B, F> = SaysNothing<F> extends true ? unknown : Shown<MethodFault<K, B, F>>;

/** Statics have no instance that a LockService could be injected into. */
export type TargetCheck<T> = T extends abstract new (...args: never[]) => unknown ? 'a static method cannot be locked' : unknown;

type Shown<Fault> = [Fault] extends [never] ? unknown : Fault;

type MethodFault<K, B, F> = F extends (...args: never[]) => unknown ? CallsFault<K, B, Calls<F>> : 'only methods can be locked';

/** The ways to call it: up to four overloads, the first being repeated where there are fewer. */
type Calls<F> = F extends {
  (...args: infer P1): infer R1;
  (...args: infer P2): infer R2;
  (...args: infer P3): infer R3;
  (...args: infer P4): infer R4;
}
  ? [Call<P1, R1>, Call<P2, R2>, Call<P3, R3>, Call<P4, R4>]
  : never;

type CallsFault<K, B, C extends readonly Call<readonly unknown[], unknown>[]> = First<
  [ResultFault<C[number]['result']>, SkipFault<B, C[number]['result']>, ForEveryCall<K, B, C>]
>;

/** The first that found something. */
type First<Faults extends readonly unknown[]> = Faults extends readonly [infer Head, ...infer Tail]
  ? [Head] extends [never]
    ? First<Tail>
    : Head
  : never;

type ResultFault<R> =
  SaysNothing<R> extends true
    ? never
    : [R] extends [Promise<unknown>]
      ? never
      : [Promise<Awaited<R>>] extends [R]
        ? never
        : 'the method must return a promise';

type SkipFault<B, R> = [OnBusy] extends [B]
  ? never
  : 'skip' extends B
    ? undefined extends Awaited<R>
      ? never
      : "with onBusy: 'skip' the method may resolve to undefined: its result type must allow that"
    : never;

/** A fault in the arguments counts if every overload has one: any of them may be the one that is meant. */
type ForEveryCall<K, B, C extends readonly unknown[], Last = never> = C extends readonly [infer Head, ...infer Tail]
  ? [CallFault<K, B, Head>] extends [never]
    ? never
    : ForEveryCall<K, B, Tail, CallFault<K, B, Head>>
  : Last;

type CallFault<K, B, C> = C extends Call<infer P, infer R> ? First<[KeyFault<K, P>, AnswerFault<B, P, R>]> : never;

type KeyFault<K, P extends readonly unknown[]> = K extends string
  ? TemplateFault<K, P>
  : K extends readonly string[]
    ? TemplatesFault<K, P>
    : K extends (...args: P) => string | readonly string[]
      ? never
      : "the key function's parameters do not fit the method's";

/** Each by itself: one that is not written in place says nothing of the others. */
type TemplatesFault<K extends readonly string[], P extends readonly unknown[]> = K extends readonly []
  ? 'an empty list names no key'
  : { [I in keyof K]: TemplateFault<K[I], P> }[number];

type AnswerFault<B, P extends readonly unknown[], R> = [OnBusy] extends [B]
  ? never
  : B extends string
    ? never
    : B extends (error: LockBusyError, ...args: P) => infer Answer
      ? ValueFits<Answer, R> extends true
        ? never
        : "what onBusy returns does not fit the method's result"
      : "onBusy's parameters are the error and the method's parameters";

/** Whatever a function returns is fine where nobody looks at it. */
type ValueFits<Answer, R> = Promise<void> extends Promise<Awaited<R>> ? true : [Awaited<Answer>] extends [Awaited<R>] ? true : false;
