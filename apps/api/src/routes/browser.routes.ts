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
import { resumeSession } from '../middleware/resume-session.ts';
import { authorizationProblemPage, authorizedPage } from '../pages/authorization-page.ts';
import { type Page, sendPage } from '../pages/send-page.ts';
import { type Problem, tellPeople, wantsPage } from '../pages/tell-people.ts';
import type { RefusedAttempts } from '../refused-attempts.ts';
import { sendToEhr } from './authorization.routes.ts';
import { takeBrowserCookie } from './browser-cookie.ts';
import { leadToLogin } from './lead-to-login.ts';

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
  const strangers = tellPeople(({ problem }) => authorizationProblemPage({ problem, place: undefined }));

  router.get('/authorize/start', strangers, limitAnonymous(deps), async (request, response) => {
    const { token } = parseRequest(startQuerySchema, request.query);
    sendToEhr(response, await authorizations.start(token));
  });

  router.get('/:provider/launch', strangers, limitAnonymous(deps), async (request, response) => {
    const { iss, launch } = parseRequest(launchQuerySchema, request.query);
    sendToEhr(response, await authorizations.launch({ provider: request.params.provider as string, iss, launch }));
  });

  router.get('/callback', tellPeople(arrivalPage(deps)), limitAnonymous(deps), async (request, response) => {
    response.set('Cache-Control', 'no-store');
    const query = parseRequest(callbackQuerySchema, request.query);
    const binding = await authorizations.bindingOf(query);
    const { id } = binding;
    const browser = takeBrowserCookie({ request, response, binding });
    const connectionId = await authorizations.finish({ query, browser }).catch((error: unknown) => {
      noteRefusal({ deps, request, error });
      throw error;
    });
    await noteAuthorized({ deps, request, requestId: response.get('X-Request-Id'), connectionId });
    if (!wantsPage(request)) {
      response.json({ success: true, data: { connectionId } });
      return;
    }
    const place = await authorizations.placeOf(id);
    sendPage(response, { status: 200, ...authorizedPage({ connectionId, place }) });
  });

  router.get('/:provider/authorize', tellPeople(departurePage), logInFirst(deps));
  return router;
}

/** Of an operator who could not be sent to the EHR. */
function departurePage({ request, problem }: { readonly request: Request; readonly problem: Problem }): Page {
  const { provider = '' } = request.params as { readonly provider?: string };
  const { connectionId } = request.query;
  const place = { provider, isDone: false, ...(typeof connectionId === 'string' ? { connectionId } : {}) };
  return authorizationProblemPage({ problem, place });
}

/** Of a browser that has come back. */
function arrivalPage({ authorizations }: BrowserDeps) {
  return async ({ request, problem }: { readonly request: Request; readonly problem: Problem }): Promise<Page> => {
    const { state } = request.query;
    const id = typeof state === 'string' ? authorizations.requestOf({ state }) : undefined;
    // It is told without a way back where the database is away.
    const place = id === undefined ? undefined : await authorizations.placeOf(id).catch(() => undefined);
    return authorizationProblemPage({ problem, place });
  };
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
    if (await resumeSession({ sessions, request })) return next();
    leadToLogin({ request, response });
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
