import type { LoginAttempt, Principal } from '@bulkhead/access';
import type { SessionService } from '@bulkhead/access/commands';
import { parseCookie } from 'cookie';
import type { Request, Response } from 'express';
import { apiError } from '../errors/errors.ts';

/**
 * Who has the session that a browser's cookie names.
 * @param options.isActivity see `SessionService.resume`
 * @returns undefined if there is no cookie or the session has ended
 */
export async function resumeSession(options: {
  readonly sessions: SessionService;
  readonly request: Request;
  readonly isActivity?: boolean;
}): Promise<Principal | undefined> {
  const { sessions, request, isActivity = true } = options;
  const id = sessionCookie.read(request);
  return id === undefined ? undefined : sessions.resume(id, { isActivity });
}

/**
 * The cookie with the session's id. Scripts cannot read it (`HttpOnly`), other sites cannot make a browser send it
 * (`SameSite=Strict`), and it is deleted when the browser is closed (no `Max-Age`). The record of the session says how long it is
 * valid. With TLS, the prefix of its name prevents other hosts of the domain from setting it (RFC 6265bis 4.1.3).
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

/**
 * The cookie with what a browser keeps while a person logs in at the identity provider. The provider's redirect is a request from another
 * site, so `SameSite` is `Lax`.
 */
export const attemptCookie = {
  read(request: Request): { readonly attempt: LoginAttempt; readonly next: string } | undefined {
    const text = parseCookie(request.get('cookie') ?? '')[`${nameFor(request)}-login`] ?? '';
    const [state, nonce, verifier, next] = text.split(' ');
    return state && nonce && verifier && next ? { attempt: { state, nonce, verifier }, next } : undefined;
  },

  set(options: {
    readonly request: Request;
    readonly response: Response;
    readonly attempt: LoginAttempt;
    /** The page that opens after the login. */
    readonly next: string;
  }): void {
    const { request, response, attempt, next } = options;
    const { state, nonce, verifier } = attempt;
    const attributes = { ...attributesFor(request), sameSite: 'lax', maxAge: attemptMs } as const;
    response.cookie(`${nameFor(request)}-login`, [state, nonce, verifier, next].join(' '), attributes);
  },

  clear({ request, response }: { readonly request: Request; readonly response: Response }): void {
    response.clearCookie(`${nameFor(request)}-login`, { ...attributesFor(request), sameSite: 'lax' });
  },
};

/** A person may have to look for a second factor. */
const attemptMs = 10 * 60_000;

function attributesFor({ secure }: Request) {
  return { httpOnly: true, sameSite: 'strict', secure, path: '/' } as const;
}

/** Redirects a page that needs a session to the login, which leads back to the page. */
export function redirectToLogin({
  request,
  response,
}: {
  readonly request: Request;
  readonly response: Response;
}): void {
  response.redirect(302, `/login?next=${encodeURIComponent(request.originalUrl)}`);
}

const safeMethods: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

/**
 * A browser sends the cookie with every request, even if another site has caused the request. So a request that changes something must
 * come from our own pages. `SameSite=Strict` stops other sites. This check also stops other hosts of the same site, with an error.
 * @throws AppError `cross-site-request`
 */
export function requireSameOrigin(request: Request): void {
  if (safeMethods.includes(request.method) || isFromOwnPages(request)) return;
  throw apiError('cross-site-request');
}

/** Browsers set both headers, and pages cannot change them. Over plain http, `Sec-Fetch-Site` is sent to localhost only. */
function isFromOwnPages(request: Request): boolean {
  const site = request.get('sec-fetch-site');
  if (site !== undefined) return site === 'same-origin';
  const origin = request.get('origin') ?? '';
  return URL.canParse(origin) && new URL(origin).host === request.host;
}
