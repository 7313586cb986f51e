import { carriesToken, type Metrics } from '@bulkhead/runtime';
import { type RequestHandler, Router } from 'express';
import type { HttpAppDeps } from '../http-app-deps.ts';
import { authenticate } from '../middleware/authenticate.ts';
import { requireOperator } from '../middleware/require-operator.ts';

/**
 * For Prometheus. It takes METRICS_TOKEN, which needs no database and opens nothing else, or an operator's key: what the page
 * says of connections and failures is not for everybody.
 */
export function metricsRoute(deps: HttpAppDeps): Router {
  const { metrics, metricsToken: token } = deps;
  const router = Router();
  const show = showPage(metrics);
  const byToken: RequestHandler = (request, response, next) => {
    const { authorization } = request.headers;
    if (token === undefined || !carriesToken({ authorization, token })) return next();
    return show(request, response, next);
  };
  router.get('/metrics', byToken, authenticate(deps), requireOperator(), show);
  return router;
}

function showPage(metrics: Metrics): RequestHandler {
  return async (_request, response) => {
    response.type(metrics.contentType).send(await metrics.page());
  };
}
