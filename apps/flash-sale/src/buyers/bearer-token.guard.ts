import type { ServerResponse } from 'node:http';
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { BuyerRequest } from './buyer-request.js';
import { NotSignedInException } from './not-signed-in.exception.js';

/** One word of at most 100 characters, as in the column. The scheme's name is in any case (RFC 9110). */
const BEARER = /^Bearer +([\w.~+/=-]{1,100}) *$/i;

/** Takes the token for the name of the user: a stand-in for whatever checks tokens in a real shop. @throws NotSignedInException */
@Injectable()
export class BearerTokenGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const request = http.getRequest<BuyerRequest>();
    const [, id] = BEARER.exec(request.headers.authorization ?? '') ?? [];
    if (id === undefined) {
      http.getResponse<ServerResponse>().setHeader('WWW-Authenticate', 'Bearer');
      throw new NotSignedInException();
    }
    request.user = { id };
    return true;
  }
}
