import type { ExecutionContext } from '@nestjs/common';

/**
 * The object that stands for one call of a handler, and for no other: the request; elsewhere the second argument, which is a message's context, or a
 * resolver's arguments (the first may be text, nothing, or shared by several resolvers). Undefined where that is no object.
 */
export function subjectOf(context: ExecutionContext): object | undefined {
  const subject: unknown = context.getArgByIndex(context.getType() === 'http' ? 0 : 1);
  return typeof subject === 'object' && subject !== null ? subject : undefined;
}
