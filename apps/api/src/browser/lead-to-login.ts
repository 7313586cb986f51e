import type { Request, Response } from 'express';

/** From a page that needs a session to the log-in, which leads back to it. */
export function leadToLogin({ request, response }: { readonly request: Request; readonly response: Response }): void {
  response.redirect(302, `/login?next=${encodeURIComponent(request.originalUrl)}`);
}
