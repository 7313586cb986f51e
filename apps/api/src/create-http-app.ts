import { AppError } from '@bulkhead/domain';
import express, { type Express } from 'express';
import type { HttpAppDeps } from './http-app-deps.ts';
import { observeRequests } from './metrics/observe-requests.ts';
import { answerError } from './middleware/answer-error.ts';
import { checkMethod } from './middleware/check-method.ts';
import { logRequests } from './middleware/log-requests.ts';
import { securityHeaders } from './middleware/security-headers.ts';
import { traceRequests } from './middleware/trace-requests.ts';
import { browserRoutes } from './routes/browser.routes.ts';
import { bullBoardPath, bullBoardRoute } from './routes/bull-board.route.ts';
import { consoleRoutes } from './routes/console.routes.ts';
import { createApiRouter } from './routes/create-api-router.ts';
import { docsRoutes } from './routes/docs.routes.ts';
import { healthRoutes } from './routes/health.routes.ts';
import { jwksRoute } from './routes/jwks.route.ts';
import { loginRoutes } from './routes/login.routes.ts';
import { metricsRoute } from './routes/metrics.route.ts';

/** The routes in their order: health, log-in, Bull Board, everything that needs an API key, then the console. */
export function createHttpApp(deps: HttpAppDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', deps.trustProxy);
  app.use(traceRequests(deps.tracing));
  app.use(logRequests({ logger: deps.logger, observe: observeRequests(deps.metrics) }));
  app.use(securityHeaders());
  app.use(checkMethod());
  app.use(healthRoutes(deps), metricsRoute(deps), docsRoutes());
  app.use(jwksRoute(deps), loginRoutes(deps));
  app.use(bullBoardPath, bullBoardRoute(deps));

  app.use('/api/ehr', browserRoutes(deps));
  app.use('/api/ehr', createApiRouter(deps));
  // Behind the API, whose requests need not look for a file first.
  app.use(consoleRoutes(deps));

  app.use(() => {
    throw new AppError({
      code: 'unknown-route',
      message: 'There is no such address. /docs lists the endpoints; the console, at /, is for browsers.',
      retry: 'never',
    });
  });
  app.use(answerError(deps.logger));
  return app;
}
