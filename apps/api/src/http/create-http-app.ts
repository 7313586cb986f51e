import type { Producer } from '@bulkhead/queues';
import type { Logger, Tracing } from '@bulkhead/runtime';
import { AppError } from '@bulkhead/runtime';
import type { Services } from '@bulkhead/system';
import express, { type Express } from 'express';
import { bullBoardPath, bullBoardRoute } from '../browser/bull-board.ts';
import { consoleRoutes } from '../browser/console.ts';
import { docsRoutes } from '../browser/docs.ts';
import { loginRoutes } from '../browser/login.ts';
import { endpoints } from '../endpoints/endpoints.ts';
import { apiRouter } from './api-router.ts';
import { answerError } from './errors/answer-error.ts';
import type { RequestLimits } from './limits/request-limits.ts';
import { checkMethod } from './middleware/check-method.ts';
import { logRequests } from './middleware/log-requests.ts';
import { observeRequests } from './middleware/observe-requests.ts';
import { securityHeaders } from './middleware/security-headers.ts';
import { traceRequests } from './middleware/trace-requests.ts';
import type { ProcessState } from './process-state.ts';

interface HttpAppOptions {
  readonly services: Services;
  readonly process: ProcessState;
  readonly producer: Producer;
  readonly limits: RequestLimits;
  readonly logger: Logger;
  readonly tracing: Tracing;
  /** Which proxies may set the address and the scheme of a request: Express' `trust proxy`. */
  readonly trustProxy: number | readonly string[];
  /** Where the built console is. */
  readonly consoleDir: string;
  /** Prometheus sends it instead of an operator's key. */
  readonly metricsToken: string | undefined;
}

/** The routes in their order: documentation, log-in, Bull Board, the API's endpoints, then the console. */
export function createHttpApp(options: HttpAppOptions): Express {
  const { services, process, producer, limits, logger, tracing, metricsToken } = options;
  const { audit, sessions } = services;
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', options.trustProxy);
  app.use(traceRequests(tracing));
  app.use(logRequests({ logger, observe: observeRequests(process.metrics) }));
  app.use(securityHeaders());
  app.use(checkMethod());
  app.use(docsRoutes());
  app.use(loginRoutes({ ...services, refusedAttempts: process.refusedAttempts, limits, logger }));
  app.use(bullBoardPath, bullBoardRoute({ producer, sessions, audit, logger }));

  app.use(apiRouter({ endpoints, deps: { services, process }, limits, logger, metricsToken }));
  // After the API, whose requests need not look for a file first.
  app.use(consoleRoutes({ sessions, consoleDir: options.consoleDir }));

  app.use(() => {
    throw new AppError({
      code: 'unknown-route',
      message: 'There is no such address. /docs lists the endpoints; the console, at /, is for browsers.',
      retry: 'never',
    });
  });
  app.use(answerError(logger));
  return app;
}
