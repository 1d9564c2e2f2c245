import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { buyerOf } from './buyer-request.js';

/** Gives a handler behind BearerTokenGuard the id of whoever asks. */
export const BuyerId = createParamDecorator((_data: unknown, context: ExecutionContext): string => buyerOf(context));
