import type { IdentityProvider } from '@bulkhead/access';
import { toPrincipal } from '@bulkhead/access';
import type { SessionService } from '@bulkhead/access/commands';
import { AppError } from '@bulkhead/base';
import {
  type AuditDeps,
  attemptCookie,
  auditNotes,
  auditTrail,
  type RefusedAttempts,
  sendPage,
  sessionCookie,
  setCaller,
} from '@bulkhead/http';
import { type Request, Router } from 'express';
import { localPath } from './local-path.ts';

interface IdentityLoginDeps extends AuditDeps {
  readonly sessions: SessionService;
  readonly refusedAttempts: RefusedAttempts;
  readonly identityProvider: IdentityProvider;
}

const callbackPath = '/login/callback';

/** The login of a person at the identity provider of the hospital. */
export function identityRoutes(deps: IdentityLoginDeps): Router {
  const { identityProvider, sessions, refusedAttempts } = deps;
  const router = Router();

  router.get('/login/start', async (request, response) => {
    response.set('cache-control', 'no-store');
    try {
      const { url, attempt } = await identityProvider.begin(`${originOf(request)}${callbackPath}`);
      attemptCookie.set({ request, response, attempt, next: localPath(request.query.next) ?? '/' });
      response.redirect(303, url.href);
    } catch (error) {
      sendPage(response, toProblemPage(error));
    }
  });

  router.get(callbackPath, auditTrail(deps), async (request, response) => {
    response.set('cache-control', 'no-store');
    const { attempt, next = '/' } = attemptCookie.read(request) ?? {};
    attemptCookie.clear({ request, response });
    // The person opened the page twice, or pressed the button to go back.
    if (!attempt) return sendPage(response, { status: 400, ...expiredPage });
    try {
      const person = await identityProvider.finish({ url: new URL(request.originalUrl, originOf(request)), attempt });
      setCaller({ response, apiKey: toPrincipal(person, new Date()), via: 'session' });
      Object.assign(auditNotes(response), { action: 'session.login', audited: true });
      const former = sessionCookie.read(request);
      if (former !== undefined) await sessions.end(former);
      sessionCookie.set({ request, response, id: await sessions.beginForPerson(person) });
      // A redirect would still belong to the navigation from the provider, and the browser would not send the cookie.
      sendPage(response, { status: 200, title: 'Logged in', text: 'One moment.', leadsTo: localPath(next) ?? '/' });
    } catch (error) {
      if (error instanceof AppError && error.code !== 'login-unavailable')
        refusedAttempts.note({ action: 'session.login', address: request.ip ?? '', code: error.code });
      sendPage(response, toProblemPage(error));
    }
  });

  return router;
}

const links = [{ label: 'Back to the login', href: '/login' }];
const expiredPage = {
  title: 'The login has expired',
  text: 'The login was completed before, or it took longer than ten minutes. Log in again.',
  links,
};

function toProblemPage(error: unknown) {
  if (!(error instanceof AppError)) throw error;
  const status = error.code === 'login-without-role' ? 403 : error.code === 'login-refused' ? 401 : 503;
  return { status, title: 'You are not logged in', text: error.message, links };
}

function originOf({ protocol, host }: Request): string {
  return `${protocol}://${host}`;
}
