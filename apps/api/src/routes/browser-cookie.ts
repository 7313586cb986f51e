import type { BrowserBinding } from '@bulkhead/service';
import { parseCookie } from 'cookie';
import type { Request, Response } from 'express';

/** Each authorization has a cookie of its own, so that two in one browser do not meet. */
function nameOf(id: string, isSecure: boolean): string {
  // `__Host-` keeps other hosts of the domain from setting it; browsers take it by https only.
  return `${isSecure ? '__Host-' : ''}bulkhead-${id}`;
}

/** Lax: it comes along when the EHR sends the browser back, and with nothing that another site's page loads. */
export function setBrowserCookie(response: Response, { id, secret, maxAgeSeconds, isSecure }: BrowserBinding): void {
  response.cookie(nameOf(id, isSecure), secret, {
    httpOnly: true,
    sameSite: 'lax',
    secure: isSecure,
    path: '/',
    maxAge: maxAgeSeconds * 1000,
  });
}

/** @returns what the browser was given when it set out, and forgets it. */
export function takeBrowserCookie(options: {
  readonly request: Request;
  readonly response: Response;
  readonly id: string;
}): string | undefined {
  const { request, response, id } = options;
  const cookies = parseCookie(request.get('cookie') ?? '');
  for (const isSecure of [true, false]) {
    const value = cookies[nameOf(id, isSecure)];
    if (value === undefined) continue;
    response.clearCookie(nameOf(id, isSecure), { httpOnly: true, sameSite: 'lax', secure: isSecure, path: '/' });
    return value;
  }
  return undefined;
}
