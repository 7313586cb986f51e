import { AppError } from '@bulkhead/domain';
import {
  type AuditService,
  type AuthorizationService,
  callbackQuerySchema,
  launchQuerySchema,
  type SessionService,
} from '@bulkhead/service';
import { type Request, type RequestHandler, Router } from 'express';
import { z } from 'zod';
import type { RequestLimits } from '../limits/request-limits.ts';
import { parseRequest } from '../middleware/parse-request.ts';
import { sessionCookie } from '../middleware/session-cookie.ts';
import type { RefusedAttempts } from '../refused-attempts.ts';
import { sendToEhr } from './authorization.routes.ts';
import { takeBrowserCookie } from './browser-cookie.ts';
import { answerErrorByPage, sendPage, wantsPage } from './browser-page.ts';

export const startQuerySchema = z.strictObject({ token: z.string().min(1).max(200) });

interface BrowserDeps {
  readonly authorizations: AuthorizationService;
  readonly sessions: SessionService;
  readonly audit: AuditService;
  readonly refusedAttempts: RefusedAttempts;
  readonly limits: RequestLimits;
}

/** The addresses that EHRs and people send browsers to. Mounted before the API's keys: a browser brings none. */
export function browserRoutes(deps: BrowserDeps): Router {
  const { authorizations } = deps;
  const router = Router();

  router.get('/authorize/start', limitAnonymous(deps), async (request, response) => {
    const { token } = parseRequest(startQuerySchema, request.query);
    sendToEhr(response, await authorizations.start(token));
  });

  router.get('/:provider/launch', limitAnonymous(deps), async (request, response) => {
    const { iss, launch } = parseRequest(launchQuerySchema, request.query);
    sendToEhr(response, await authorizations.launch({ provider: request.params.provider as string, iss, launch }));
  });

  router.get('/callback', limitAnonymous(deps), async (request, response) => {
    response.set('Cache-Control', 'no-store');
    const query = parseRequest(callbackQuerySchema, request.query);
    const id = authorizations.requestOf(query);
    const browser = takeBrowserCookie({ request, response, id });
    const connectionId = await authorizations.finish({ query, browser }).catch((error: unknown) => {
      noteRefusal({ deps, request, error });
      throw error;
    });
    await noteAuthorized({ deps, request, requestId: response.get('X-Request-Id'), connectionId });
    if (!wantsPage(request)) {
      response.json({ success: true, data: { connectionId } });
      return;
    }
    const text = `The connection ${connectionId} may now read from the EHR. This window can be closed.`;
    sendPage(response, { status: 200, title: 'Authorized', text });
  });

  router.get('/:provider/authorize', logInFirst(deps));

  router.use(answerErrorByPage());
  return router;
}

/** Whoever asks without a key makes records and jobs here, and waits for workers. */
function limitAnonymous({ limits }: BrowserDeps): RequestHandler {
  return async (request, _response, next) => {
    await limits.countAnonymous(request.ip ?? '');
    next();
  };
}

/** An operator's browser that is not logged in is taken there, and comes back; everybody else is the API's to judge. */
function logInFirst({ sessions }: BrowserDeps): RequestHandler {
  return async (request, response, next) => {
    if (request.get('authorization') !== undefined || !wantsPage(request)) return next();
    const id = sessionCookie.read(request);
    if (id !== undefined && (await sessions.resume(id))) return next();
    response.redirect(302, `/login?next=${encodeURIComponent(request.originalUrl)}`);
  };
}

/** A user has given access to their data: nobody of ours, but to be found in the audit log. */
function noteAuthorized(options: {
  readonly deps: BrowserDeps;
  readonly request: Request;
  readonly requestId: string | undefined;
  readonly connectionId: string;
}): Promise<void> {
  const { deps, request, requestId, connectionId } = options;
  return deps.audit.append({
    actor: { kind: 'nobody', id: 'nobody' },
    action: 'connection.authorized',
    target: { connectionId },
    outcome: 'success',
    ...(requestId === undefined ? {} : { requestId }),
    ...(request.ip === undefined ? {} : { address: request.ip }),
  });
}

function noteRefusal(options: {
  readonly deps: BrowserDeps;
  readonly request: Request;
  readonly error: unknown;
}): void {
  const { deps, request, error } = options;
  if (!(error instanceof AppError)) return;
  deps.refusedAttempts.note({ action: 'connection.authorized', address: request.ip ?? '', code: error.code });
}
