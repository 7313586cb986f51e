import type { ApiKey } from '@bulkhead/access';
import type { SessionService } from '@bulkhead/access/commands';
import { AppError } from '@bulkhead/runtime';
import { parseCookie } from 'cookie';
import type { Request, Response } from 'express';

/**
 * Whose session a browser's cookie names.
 * @param options.isActivity see `SessionService.resume`
 * @returns undefined where there is no cookie, or where the session is over
 */
export async function resumeSession(options: {
  readonly sessions: SessionService;
  readonly request: Request;
  readonly isActivity?: boolean;
}): Promise<ApiKey | undefined> {
  const { sessions, request, isActivity = true } = options;
  const id = sessionCookie.read(request);
  return id === undefined ? undefined : sessions.resume(id, { isActivity });
}

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

/** From a page that needs a session to the log-in, which leads back to it. */
export function leadToLogin({ request, response }: { readonly request: Request; readonly response: Response }): void {
  response.redirect(302, `/login?next=${encodeURIComponent(request.originalUrl)}`);
}

const safeMethods: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

/**
 * A browser sends the cookie by itself, whoever has made it ask: what changes something must come from our own pages.
 * `SameSite=Strict` keeps other sites out; this also keeps other hosts of the same site out, and says so.
 * @throws AppError `cross-site-request`
 */
export function requireSameOrigin(request: Request): void {
  if (safeMethods.includes(request.method) || isFromOwnPages(request)) return;
  throw new AppError({
    code: 'cross-site-request',
    message:
      'The request did not come from a page of this server. A program sends `Authorization: Bearer <key>` and no cookie.',
    retry: 'never',
  });
}

/** Browsers set both headers themselves, no page can. Over plain http only `Origin` is sent, but to localhost. */
function isFromOwnPages(request: Request): boolean {
  const site = request.get('sec-fetch-site');
  if (site !== undefined) return site === 'same-origin';
  const origin = request.get('origin') ?? '';
  return URL.canParse(origin) && new URL(origin).host === request.host;
}
