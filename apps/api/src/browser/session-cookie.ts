import { parseCookie } from 'cookie';
import type { Request, Response } from 'express';

/**
 * The session's id in the browser. Not for scripts (`HttpOnly`), not sent from other sites (`SameSite=Strict`), gone with the
 * browser (no `Max-Age`); how long it is good for is in the record. Over TLS the prefix keeps other hosts of the domain from
 * setting it (RFC 6265bis 4.1.3).
 */
export const sessionCookie = {
  read: (request: Request): string | undefined => parseCookie(request.get('cookie') ?? '')[nameFor(request)],

  set({
    request,
    response,
    id,
  }: {
    readonly request: Request;
    readonly response: Response;
    readonly id: string;
  }): void {
    response.cookie(nameFor(request), id, attributesFor(request));
  },

  clear({ request, response }: { readonly request: Request; readonly response: Response }): void {
    response.clearCookie(nameFor(request), attributesFor(request));
  },
};

function nameFor({ secure }: Request): string {
  return secure ? '__Host-bulkhead' : 'bulkhead';
}

function attributesFor({ secure }: Request) {
  return { httpOnly: true, sameSite: 'strict', secure, path: '/' } as const;
}
