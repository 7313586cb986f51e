import { AppError } from '@bulkhead/runtime';
import type { Request } from 'express';

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
