import type { RequestHandler } from 'express';
import helmet from 'helmet';

/** For answers to programs, and for the pages (Bull Board, the API's document): everything from here, nothing in a frame. */
export function securityHeaders(): RequestHandler {
  return helmet({
    // Nothing is upgraded to https: every address in our pages is relative, and a deployment may have no TLS of its own.
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'self'"],
        'base-uri': ["'self'"],
        'connect-src': ["'self'"],
        'font-src': ["'self'", 'data:'],
        'form-action': ["'self'"],
        'frame-ancestors': ["'none'"],
        'img-src': ["'self'", 'data:'],
        'object-src': ["'none'"],
        'script-src': ["'self'"],
        // Both pages set styles on their elements; no text of a client gets into one.
        'style-src': ["'self'", "'unsafe-inline'"],
      },
    },
    frameguard: { action: 'deny' },
    // With `no-referrer` a form says that it comes from `null`, and without TLS nothing else tells whose it is.
    referrerPolicy: { policy: 'same-origin' },
  });
}
