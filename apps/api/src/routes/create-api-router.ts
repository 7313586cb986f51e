import { type RequestHandler, Router } from 'express';
import { endpoints } from '../endpoints/endpoints.ts';
import { endpointRouter } from '../http/endpoint-router.ts';
import type { HttpAppDeps } from '../http-app-deps.ts';
import { auditTrail } from '../middleware/audit-trail.ts';
import { authenticate } from '../middleware/authenticate.ts';
import { limitRequests } from '../middleware/limit-requests.ts';
import { parseJson } from '../middleware/parse-json.ts';
import { apiKeyRoutes } from './api-key.routes.ts';
import { auditEventRoutes } from './audit-event.routes.ts';
import { authorizationRoutes } from './authorization.routes.ts';
import { diagnosisRoute } from './diagnosis.route.ts';
import { erasureRoutes } from './erasure.routes.ts';
import { queueRoute } from './queue.route.ts';
import { rateBudgetRoutes } from './rate-budget.routes.ts';
import { retentionRoute } from './retention.route.ts';
import { sessionRoute } from './session.route.ts';
import { signingKeyRoutes } from './signing-key.routes.ts';

/** Most answers hold patient data or can lead to it, so no cache of a browser or a proxy may keep any of them. */
const preventCaching: RequestHandler = (_request, response, next) => {
  response.set('cache-control', 'no-store');
  next();
};

/** Everything under `/api/ehr`: it needs an API key. */
export function createApiRouter(deps: HttpAppDeps): Router {
  const api = Router();
  const endpointDeps = { services: deps, process: deps, streams: deps.streams };
  const keyed = endpoints.filter(({ access, path }) => access !== 'anyone' && path.startsWith('/api/ehr/'));
  const route = (readsBodyItself: boolean) =>
    endpointRouter({
      endpoints: keyed.filter(({ request }) => (request.readBody !== undefined) === readsBodyItself),
      deps: endpointDeps,
      base: '/api/ehr',
    });
  api.use(preventCaching);
  api.use(authenticate(deps), limitRequests(deps), auditTrail(deps));
  api.use(route(true));
  api.use(parseJson(), route(false));
  api.use(erasureRoutes(deps), retentionRoute(deps));
  api.use(apiKeyRoutes(deps), auditEventRoutes(deps));
  api.use(signingKeyRoutes(deps), authorizationRoutes(deps), diagnosisRoute(deps));
  api.use(sessionRoute(deps), rateBudgetRoutes(deps), queueRoute(deps));
  return api;
}
