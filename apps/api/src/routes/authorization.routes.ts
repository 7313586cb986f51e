import {
  type AuthorizationService,
  authorizeBodySchema,
  authorizeQuerySchema,
  type Departure,
} from '@bulkhead/service';
import { type Response, Router } from 'express';
import { allow } from '../middleware/allow.ts';
import { auditNotes } from '../middleware/audit-notes.ts';
import { parseRequest } from '../middleware/parse-request.ts';
import { setBrowserCookie } from './browser-cookie.ts';

/** How an authorization begins: for an operator's own browser, and for programs, which have a key and no browser. */
export function authorizationRoutes({ authorizations }: { readonly authorizations: AuthorizationService }): Router {
  const router = Router();

  router.get('/:provider/authorize', allow('connection.authorize'), async (request, response) => {
    const body = parseRequest(authorizeQuerySchema, request.query);
    sendToEhr(response, await authorizations.authorize({ provider: request.params.provider, body }));
  });

  router.post('/:provider/authorize', allow('connection.authorize'), async (request, response) => {
    const body = parseRequest(authorizeBodySchema, request.body ?? {});
    const { connectionId } = body;
    if (connectionId !== undefined) auditNotes(response).target = { connectionId };
    const data = await authorizations.invite({ provider: request.params.provider, body });
    response.status(201).json({ success: true, data });
  });

  return router;
}

/** To the EHR's log-in, with a cookie by which the browser is known when it comes back. */
export function sendToEhr(response: Response, { redirectTo, browser }: Departure): void {
  setBrowserCookie(response, browser);
  response.set('Cache-Control', 'no-store').redirect(302, redirectTo);
}
