import { hasToken, type Logger } from '@bulkhead/base';
import { type RequestHandler, Router } from 'express';
import { showErrorPage, wantsPage } from './browser/pages.ts';
import { redirectToLogin, resumeSession } from './browser/session.ts';
import type { Endpoint } from './define-endpoint.ts';
import { callEndpoint, type EndpointDeps, endpointRouter } from './endpoint-router.ts';
import type { RequestLimits } from './limits/request-limits.ts';
import { auditTrail } from './middleware/audit-trail.ts';
import { authenticate, limitRequests } from './middleware/authenticate.ts';
import { parseJson } from './middleware/parse-json.ts';

const base = '/api/ehr';

interface ApiRouterOptions {
  readonly endpoints: readonly Endpoint[];
  readonly deps: EndpointDeps;
  readonly limits: RequestLimits;
  readonly logger: Logger;
  /** Prometheus sends it instead of an operator's key. */
  readonly metricsToken: string | undefined;
}

/**
 * Routes requests to all endpoints. A request passes these steps in this order: handlers for browsers (error page, login, limit by
 * address), authentication, the limit of the key, the audit trail, parsing of a JSON body, then the access check and the validation in
 * `endpointRouter`.
 */
export function apiRouter(options: ApiRouterOptions): Router {
  const { endpoints, deps, limits, logger } = options;
  const router = Router();
  router.use(base, preventCaching, browserRouter(options));
  router.use(endpointRouter({ endpoints: endpoints.filter(({ access }) => access === 'anyone'), deps }));
  router.use(processRouter(options));

  const keyed = endpoints.filter(isKeyed);
  const route = (readsBodyItself: boolean) =>
    endpointRouter({
      endpoints: keyed.filter(({ request }) => (request.readBody !== undefined) === readsBodyItself),
      deps,
      base,
    });
  const authentication = authenticate({ ...deps.services, ...deps.process, limits });
  router.use(base, authentication, limitRequests({ limits }), auditTrail({ audit: deps.services.audit, logger }));
  router.use(base, route(true), parseJson(), route(false));
  return router;
}

function isKeyed({ access, path }: Endpoint): boolean {
  return access !== 'anyone' && path.startsWith(`${base}/`);
}

/** Most responses contain patient data or can lead to it, so no cache of a browser or a proxy may store any of them. */
const preventCaching: RequestHandler = (_request, response, next) => {
  response.set('cache-control', 'no-store');
  next();
};

/** Handlers that run before the endpoints that browsers open. */
function browserRouter({ endpoints, deps: { services }, limits }: ApiRouterOptions): Router {
  const router = Router();
  for (const { method, path, access, errorPage, isLimitedByAddress } of endpoints) {
    const at = path.slice(base.length);
    if (errorPage)
      router[method](
        at,
        // Its endpoint is defined for these services.
        showErrorPage((options) => errorPage({ ...options, services: services as never })),
      );
    if (errorPage && access !== 'anyone') router[method](at, requireLogin(services));
    if (isLimitedByAddress) router[method](at, limitByAddress(limits));
  }
  return router;
}

/** Redirects a browser that is not logged in to the login, which leads back. All other requests pass. */
function requireLogin({ sessions }: EndpointDeps['services']): RequestHandler {
  return async (request, response, next) => {
    if (request.get('authorization') !== undefined || !wantsPage(request)) return next();
    if (await resumeSession({ sessions, request })) return next();
    redirectToLogin({ request, response });
  };
}

/** Limits endpoints without a key, because their requests create records and jobs and wait for workers. */
function limitByAddress(limits: RequestLimits): RequestHandler {
  return async (request, _response, next) => {
    await limits.countAnonymous(request.ip ?? '');
    next();
  };
}

/** Endpoints of the process that need a key. They have no request limit, and METRICS_TOKEN works without the database. */
function processRouter({ endpoints, deps, limits, metricsToken }: ApiRouterOptions): Router {
  const router = Router();
  const ofProcess = endpoints.filter((endpoint) => endpoint.access !== 'anyone' && !isKeyed(endpoint));
  for (const endpoint of ofProcess) {
    const call = callEndpoint(endpoint, deps);
    router[endpoint.method](endpoint.path, (request, response, next) => {
      const { authorization } = request.headers;
      const isToken = metricsToken !== undefined && hasToken({ authorization, token: metricsToken });
      return endpoint.acceptsMetricsToken && isToken ? call(request, response, next) : next();
    });
    router[endpoint.method](endpoint.path, authenticate({ ...deps.services, ...deps.process, limits }));
  }
  return router.use(endpointRouter({ endpoints: ofProcess, deps }));
}
