/** `any` and `unknown` say nothing, and pass every check. */
export type SaysNothing<T> = unknown extends T ? true : false;

/** What a placeholder may stand for. */
type Primitive = string | number | bigint | boolean;

/** What is wrong with a template for a method with these parameters, as text for the compiler to show; `never` where nothing is seen. */
export type TemplateFault<T extends string, P extends readonly unknown[]> = string extends T ? never : PlaceholderFault<Placeholders<T>, P>;

/** The insides of all placeholders; doubled braces are passed over. */
type Placeholders<T extends string> = T extends `${string}{${infer Rest}`
  ? Rest extends `{${infer Literal}`
    ? Placeholders<Literal>
    : Rest extends `${infer Inside}}${infer After}`
      ? Inside | Placeholders<After>
      : never
  : never;

/** Names cannot be seen by the compiler; positions and the paths into them can. */
type PlaceholderFault<I extends string, P extends readonly unknown[]> = I extends `${infer Root}.${infer Path}`
  ? Root extends `${number}`
    ? PathFault<Path, At<P, Root>, I>
    : never
  : I extends `${number}`
    ? ValueFault<At<P, I>, I>
    : never;

/** Stands for what is not there. */
interface Missing {
  readonly 'is missing': never;
}

type At<P extends readonly unknown[], I extends string> = I extends keyof P ? P[I] : number extends P['length'] ? unknown : Missing;

type PathFault<Path extends string, V, I extends string> =
  SaysNothing<V> extends true
    ? never
    : Path extends `${infer Step}.${infer Rest}`
      ? PathFault<Rest, Inside<NonNullable<V>, Step>, I>
      : ValueFault<Inside<NonNullable<V>, Path>, I>;

type Inside<V, S extends string> = S extends keyof V
  ? V[S]
  : S extends `${infer N extends number}`
    ? N extends keyof V
      ? V[N]
      : Missing
    : Missing;

/** An optional value may be left out at run time, which a LockKeyError tells. */
type ValueFault<V, I extends string> =
  SaysNothing<V> extends true
    ? never
    : [V] extends [Missing]
      ? `{${I}}: there is no such parameter, or nothing by this name in it`
      : [NonNullable<V>] extends [never]
        ? `{${I}} is never a value`
        : [NonNullable<V>] extends [Primitive]
          ? never
          : `{${I}} is no text and no number: write a path into it, or a key function`;
