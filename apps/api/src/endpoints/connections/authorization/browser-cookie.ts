import type { BrowserBinding } from '@bulkhead/connections/commands';
import { parseCookie } from 'cookie';
import type { Request, Response } from 'express';

/** Each authorization has its own cookie, so that two authorizations in one browser do not interfere. */
function nameOf(id: string, isSecure: boolean): string {
  // `__Host-` prevents other hosts of the domain from setting the cookie. Browsers accept this name over https only.
  return `${isSecure ? '__Host-' : ''}bulkhead-${id}`;
}

/** `lax`: browsers send the cookie when the EHR redirects back, but not with requests that the page of another site makes. */
export function setBrowserCookie(response: Response, { id, secret, maxAgeSeconds, isSecure }: BrowserBinding): void {
  response.cookie(nameOf(id, isSecure), secret, {
    httpOnly: true,
    sameSite: 'lax',
    secure: isSecure,
    path: '/',
    maxAge: maxAgeSeconds * 1000,
  });
}

/**
 * Reads and clears the cookie of an authorization. A flow by https accepts only the name with `__Host-`, which another host of the
 * domain cannot set.
 */
export function takeBrowserCookie(options: {
  readonly request: Request;
  readonly response: Response;
  readonly binding: Pick<BrowserBinding, 'id' | 'isSecure'>;
}): string | undefined {
  const { request, response, binding } = options;
  const name = nameOf(binding.id, binding.isSecure);
  const value = parseCookie(request.get('cookie') ?? '')[name];
  if (value === undefined) return undefined;
  response.clearCookie(name, { httpOnly: true, sameSite: 'lax', secure: binding.isSecure, path: '/' });
  return value;
}
