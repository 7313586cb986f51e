import type { IdentityProvider, Principal } from '@bulkhead/access';
import type { ApiKeyService, SessionService } from '@bulkhead/access/commands';
import { AppError } from '@bulkhead/base';
import {
  type AuditDeps,
  apiError,
  auditNotes,
  auditTrail,
  pageFrame,
  pageStyle,
  pageStylePath,
  type RefusedAttempts,
  type RequestLimits,
  requireSameOrigin,
  sessionCookie,
  setCaller,
} from '@bulkhead/http';
import { type Request, Router, urlencoded } from 'express';
import { identityRoutes } from './identity-login.ts';
import { localPath } from './local-path.ts';

interface LoginDeps extends AuditDeps {
  readonly apiKeys: ApiKeyService;
  readonly sessions: SessionService;
  readonly refusedAttempts: RefusedAttempts;
  readonly limits: RequestLimits;
  /** Where people log in. If it is left out, they log in with an API key. */
  readonly identityProvider?: IdentityProvider | undefined;
  /** Whether people may log in with an API key. */
  readonly hasKeyLogin: boolean;
}

const defaultNext = '/';

/**
 * Login and logout in a browser. A user logs in with an API key or at the identity provider, and gets a session (see `SessionService`), whose
 * id is in a cookie.
 *
 *     a page without a session --> GET /login?next=<page> --> POST /login with the key --> cookie, back to <page>
 *                                                         --> GET /login/start --> the provider --> GET /login/callback --> cookie
 *
 * - session.ts has the cookie, and refuses changes that another site causes.
 * - Each login creates a new session and ends the previous one, so a session that another person has set is never used.
 * - Logins, logouts and refused keys are in the audit log. Refused keys are limited for each address.
 */
export function loginRoutes(deps: LoginDeps): Router {
  const { sessions } = deps;
  const router = Router();

  router.get(pageStylePath, (_request, response) => {
    response.type('css').send(pageStyle);
  });

  router.get('/login', (request, response) => {
    response
      .set('cache-control', 'no-store')
      .type('html')
      .send(loginPage({ ...deps, next: nextOf(request) }));
  });
  if (deps.identityProvider) router.use(identityRoutes({ ...deps, identityProvider: deps.identityProvider }));

  // The form contains only the key.
  router.post('/login', auditTrail(deps), urlencoded({ extended: false, limit: '4kb' }), async (request, response) => {
    requireSameOrigin(request);
    if (!deps.hasKeyLogin) throw apiError('forbidden', { message: 'Log in at the identity provider: /login/start' });
    const { apiKey, problem, status = 401 } = await recognise(deps, request);
    if (!apiKey) {
      response.status(status).set('cache-control', 'no-store').type('html');
      response.send(loginPage({ ...deps, next: nextOf(request), problem }));
      return;
    }
    setCaller({ response, apiKey, via: 'session' });
    Object.assign(auditNotes(response), { action: 'session.login', audited: true });
    await endSession({ sessions, request });
    sessionCookie.set({ request, response, id: await sessions.begin(apiKey) });
    response.redirect(303, nextOf(request));
  });

  router.post('/logout', auditTrail(deps), async (request, response) => {
    requireSameOrigin(request);
    const apiKey = await endSession({ sessions, request });
    if (apiKey) {
      setCaller({ response, apiKey, via: 'session' });
      Object.assign(auditNotes(response), { action: 'session.logout', audited: true });
    }
    sessionCookie.clear({ request, response });
    response.redirect(303, '/login');
  });

  return router;
}

function nextOf(request: Request): string {
  return localPath(request.query.next) ?? defaultNext;
}

interface Recognised {
  readonly apiKey?: Principal | undefined;
  /** Why the key was refused. */
  readonly problem?: string;
  readonly status?: number;
}

async function recognise({ apiKeys, refusedAttempts, limits }: LoginDeps, request: Request): Promise<Recognised> {
  const { key } = (request.body ?? {}) as { key?: unknown };
  const { ip: address = '' } = request;
  const refuse = ({ code, message, context }: AppError): Recognised => {
    const { keyId } = context as { keyId?: string };
    refusedAttempts.note({ action: 'session.login', address, code, keyId });
    return { problem: message, ...(code === 'too-many-requests' ? { status: 429 } : {}) };
  };
  try {
    const apiKey = typeof key === 'string' ? await apiKeys.recognise(key.trim()) : undefined;
    if (apiKey) return { apiKey };
    await limits.countFailedLogin(address);
    return refuse(noKey());
  } catch (error) {
    if (error instanceof AppError) return refuse(error);
    throw error;
  }
}

function noKey(): AppError {
  return apiError('unauthenticated', {
    message: 'This is not a valid API key. Check the key, or ask an operator for a new one.',
  });
}

/** @returns who had the session that was ended */
async function endSession(options: { readonly sessions: SessionService; readonly request: Request }) {
  const { sessions, request } = options;
  const id = sessionCookie.read(request);
  if (id === undefined) return undefined;
  const apiKey = await sessions.resume(id);
  await sessions.end(id);
  return apiKey;
}

/** The login page. @param options.problem a message of ours that says why the last attempt failed */
function loginPage(options: {
  readonly next: string;
  readonly problem?: string | undefined;
  readonly identityProvider?: IdentityProvider | undefined;
  readonly hasKeyLogin: boolean;
}): string {
  const { next, problem, identityProvider, hasKeyLogin } = options;
  // The encoding also removes characters that could end the attribute.
  const query = `?next=${encodeURIComponent(next)}`;
  const parts = [
    '<h1>Log in</h1>',
    problem === undefined ? '' : `<p role="alert">${problem}</p>`,
    identityProvider ? `<a class="action" href="/login/start${query}">Log in with your account</a>` : '',
    hasKeyLogin ? keyForm({ action: `/login${query}`, isFirst: !identityProvider }) : '',
  ];
  return pageFrame({ title: 'Bulkhead: log in', main: parts.filter((part) => part !== '').join('\n') });
}

function keyForm({ action, isFirst }: { readonly action: string; readonly isFirst: boolean }): string {
  return `<form method="post" action="${action}">
<label for="key">API key<small>An operator creates keys. Sessions end after half an hour without input.</small></label>
<input id="key" name="key" type="password" autocomplete="current-password" required${isFirst ? ' autofocus' : ''}>
<button type="submit">${isFirst ? 'Log in' : 'Log in with an API key'}</button>
</form>`;
}
