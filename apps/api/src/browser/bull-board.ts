import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { SessionService } from '@bulkhead/access/commands';
import type { AppError } from '@bulkhead/base';
import {
  type AuditDeps,
  apiError,
  auditNotes,
  auditTrail,
  callerOf,
  checkOperator,
  redirectToLogin,
  requireSameOrigin,
  resumeSession,
  setCaller,
} from '@bulkhead/http';
import type { Producer } from '@bulkhead/queues';
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import { type Request, type RequestHandler, Router } from 'express';

export const bullBoardPath = '/admin/queues';

/** The folder of the pages. By itself, Bull Board finds it only if it is not bundled. */
const uiBasePath = dirname(createRequire(import.meta.url).resolve('@bull-board/ui/package.json'));

interface BullBoardDeps extends AuditDeps {
  readonly producer: Producer;
  readonly sessions: SessionService;
}

/** Shows the queues in a browser. Operators may change jobs. Clients whose key is for all connections may only read. */
export function bullBoardRoute(deps: BullBoardDeps): Router {
  const boards = {
    operator: createBoard({ ...deps, readOnly: false }),
    client: createBoard({ ...deps, readOnly: true }),
  };
  const router = Router();
  router.use(requireSession(deps), auditTrail(deps));
  router.use((request, response, next) => {
    const { apiKey } = callerOf(response);
    if (!['GET', 'HEAD', 'OPTIONS'].includes(request.method)) {
      const target = { path: request.path.slice(0, 200) };
      Object.assign(auditNotes(response), { action: 'queue.change', audited: true, target });
      // The read-only board answers some changes with a success although it changes nothing.
      checkOperator(response);
      if (writesPayload.test(request.path)) throw payloadRefused();
    }
    boards[apiKey.role](request, response, next);
  });
  return router;
}

/** The routes of Bull Board that store typed text: a new job, the data of a job, the data of a schedule. */
const writesPayload = /\/(?:add|update-data|job-schedulers\/[^/]+)\/?$/i;

/** The product creates jobs from its records, and they contain ids only. Otherwise Redis could contain text that a person typed. */
function payloadRefused(): AppError {
  return apiError('forbidden', {
    message: 'Bull Board cannot add jobs or change their data. Use the console or the API to start or change work.',
  });
}

/** The name that the console and the pages use, and the way back. The documentation of Bull Board is on another server. */
const uiConfig = {
  boardTitle: 'Bull Board',
  miscLinks: [{ text: 'Back to the console', url: '/' }],
  hideDocsLink: true,
};

function createBoard({ producer, readOnly }: Pick<BullBoardDeps, 'producer'> & { readonly readOnly: boolean }): Router {
  const serverAdapter = new ExpressAdapter();
  serverAdapter.setBasePath(bullBoardPath);
  const queues = producer.queues.map((queue) => new BullMQAdapter(queue, { readOnlyMode: readOnly }));
  createBullBoard({ queues, serverAdapter, options: { uiBasePath, uiConfig } });
  return serverAdapter.getRouter() as Router;
}

/** Redirects a request for a page to the login, which leads back. Refuses requests of scripts. */
function requireSession({ sessions }: Pick<BullBoardDeps, 'sessions'>): RequestHandler {
  return async (request, response, next) => {
    const apiKey = await resumeSession({ sessions, request });
    if (apiKey) {
      requireSameOrigin(request);
      if (apiKey.connectionIds) throw forbidden();
      setCaller({ response, apiKey, via: 'session' });
      next();
      return;
    }
    if (!isPage(request)) throw loggedOut();
    redirectToLogin({ request, response });
  };
}

function isPage(request: Request): boolean {
  return request.method === 'GET' && !/^\/(?:api|static)\//i.test(request.path);
}

function loggedOut(): AppError {
  return apiError('unauthenticated', { message: 'The session has ended. Log in at /login.' });
}

function forbidden(): AppError {
  return apiError('forbidden', {
    message:
      'The queues show jobs of all connections, and your key is for some connections only. Log in with a key for all connections.',
  });
}
