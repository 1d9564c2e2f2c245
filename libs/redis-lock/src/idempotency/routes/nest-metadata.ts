import type { Type } from '@nestjs/common';

/** What Nest's own decorators leave behind, under the names that Nest has had for them since its first versions. */
const PATH = 'path';
const INTERCEPTORS = '__interceptors__';
const ARGUMENTS = '__routeArguments__';
const PASSTHROUGH = '__responsePassthrough__';
const SSE = '__sse__';
const VERSION = '__version__';
const DEPENDENCIES = 'self:paramtypes';

/** Of Nest's kinds of parameters, those with which a handler answers itself: `@Res()` and `@Next()`. */
const ANSWERING = /^[12]:/;

/** A method that answers requests. */
export type RouteMethod = (...args: never[]) => unknown;

/** Where a route stands in its class. */
export type RouteDescriptor = Omit<PropertyDescriptor, 'value'> & { value: RouteMethod };

/** The routes of a controller by name, inherited ones too, with their descriptors. */
export function routesOf(controller: { readonly prototype: object }): Map<string | symbol, RouteDescriptor> {
  const seen = new Set<string | symbol>();
  const routes = new Map<string | symbol, RouteDescriptor>();
  for (let at = controller.prototype; at !== Object.prototype; at = Object.getPrototypeOf(at) as object) {
    for (const name of Reflect.ownKeys(at)) {
      const descriptor = Object.getOwnPropertyDescriptor(at, name);
      // A controller has a path of its own, under the name of `constructor`.
      if (seen.has(name) || name === 'constructor' || descriptor === undefined) continue;
      seen.add(name);
      if (isRoute(descriptor)) routes.set(name, descriptor);
    }
  }
  return routes;
}

function isRoute(descriptor: Omit<PropertyDescriptor, 'value'> & { value?: unknown }): descriptor is RouteDescriptor {
  return typeof descriptor.value === 'function' && Reflect.hasMetadata(PATH, descriptor.value);
}

/** Whether the handler sends the reply itself, so that Nest writes nothing. */
export function answersItself(controller: Type, property: string): boolean {
  const parameters = Reflect.getMetadata(ARGUMENTS, controller, property) as Record<string, unknown> | undefined; // as Nest writes it
  if (Reflect.getMetadata(PASSTHROUGH, controller, property) === true) return false;
  return Object.keys(parameters ?? {}).some((name) => ANSWERING.test(name));
}

export function isEventStream(handler: object): boolean {
  return Reflect.getMetadata(SSE, handler) === true;
}

/** The version of the API that a handler belongs to, as text; empty where there is none. */
export function versionOf(controller: Type, handler: object): string {
  const version: unknown = Reflect.getMetadata(VERSION, handler) ?? Reflect.getMetadata(VERSION, controller);
  return version === undefined ? '' : [version].flat().map(String).join(',');
}

/** The interceptors named on a method, or on a class, in the order they run in. */
export function interceptorsOf(target: object): readonly unknown[] {
  const found: unknown = Reflect.getMetadata(INTERCEPTORS, target);
  return Array.isArray(found) ? found : [];
}

/** Whether it is one of Nest's interceptors that read a multipart body: they all depend on multer's options. */
export function readsMultipart(interceptor: unknown): boolean {
  if (typeof interceptor !== 'function') return false;
  const dependencies: unknown = Reflect.getMetadata(DEPENDENCIES, interceptor);
  return Array.isArray(dependencies) && dependencies.some(({ param }: { param?: unknown }) => param === 'MULTER_MODULE_OPTIONS');
}
