import type { ServerResponse } from 'node:http';

/** Who stands in for a response while it is held: what is asked of the response is asked of it. */
export interface ResponseHolder {
  readonly headersSent: boolean;
  readonly writableEnded: boolean;
  writeHead(args: readonly unknown[]): void;
  write(args: readonly unknown[]): boolean;
  end(args: readonly unknown[]): void;
  /** @returns false to let it through */
  destroy(error: Error | undefined): boolean;
  /** The connection is gone. @returns false to let everybody know */
  close(): boolean;
}

const HOLDER = Symbol('holder of the response');
const METHODS = ['writeHead', 'write', 'end', 'flushHeaders', 'destroy', 'emit'] as const;

/** A response, and who holds it. */
type Held = ServerResponse & { [HOLDER]?: ResponseHolder | undefined };
type Methods = Record<(typeof METHODS)[number], (this: Held, ...args: unknown[]) => unknown>;

/** One for each prototype: properties made for each response would cost more than all the rest of a request. */
const prototypes = new WeakMap<object, object>();

/**
 * Has a holder stand in for a response, until the function that it returns is called. It takes a prototype between the response and its own one, as
 * Express does itself; only where another library has put methods of its own on the response (compression, for instance) they are set aside.
 */
export function hold(response: ServerResponse, holder: ResponseHolder): () => void {
  const held: Held = response;
  const prototype = Object.getPrototypeOf(held) as object; // a response has one
  let holding = prototypes.get(prototype);
  if (holding === undefined) prototypes.set(prototype, (holding = holdingPrototype(prototype)));
  const own = METHODS.filter((name) => Object.hasOwn(held, name)).map((name) => [name, Reflect.get(held, name) as unknown] as const);
  Object.setPrototypeOf(held, holding);
  for (const [name] of own) Reflect.set(held, name, Reflect.get(holding, name));
  held[HOLDER] = holder;
  return () => {
    held[HOLDER] = undefined;
    if (Object.getPrototypeOf(held) === holding) Object.setPrototypeOf(held, prototype);
    for (const [name, method] of own) Reflect.set(held, name, method);
  };
}

function holdingPrototype(prototype: object): object {
  // What a response has under these names.
  const below = prototype as Methods;
  const methods: Methods = {
    writeHead(...args) {
      const holder = this[HOLDER];
      if (holder === undefined) return below.writeHead.apply(this, args);
      holder.writeHead(args);
      return this;
    },
    write(...args) {
      return this[HOLDER]?.write(args) ?? below.write.apply(this, args);
    },
    end(...args) {
      const holder = this[HOLDER];
      if (holder === undefined) return below.end.apply(this, args);
      holder.end(args);
      return this;
    },
    flushHeaders(...args) {
      return this[HOLDER] === undefined ? below.flushHeaders.apply(this, args) : undefined;
    },
    destroy(...args) {
      const [error] = args;
      return this[HOLDER]?.destroy(error instanceof Error ? error : undefined) === true ? this : below.destroy.apply(this, args);
    },
    emit(...args) {
      return args[0] === 'close' && this[HOLDER]?.close() === true ? true : below.emit.apply(this, args);
    },
  };
  const answers = (name: 'headersSent' | 'writableEnded'): PropertyDescriptor => ({
    get(this: Held) {
      return this[HOLDER]?.[name] ?? (Reflect.get(prototype, name, this) as unknown);
    },
    configurable: true,
  });
  return Object.defineProperties(Object.assign(Object.create(prototype) as object, methods), {
    headersSent: answers('headersSent'),
    writableEnded: answers('writableEnded'),
  });
}
