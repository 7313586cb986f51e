import type { Producer } from '@bulkhead/queues';
import { AppError, type Logger, type Tracing } from '@bulkhead/runtime';
import type { Services } from '@bulkhead/system';
import express, { type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import { bullBoardPath, bullBoardRoute } from '../browser/bull-board.ts';
import { consoleRoutes } from '../browser/console.ts';
import { docsRoutes } from '../browser/docs.ts';
import { loginRoutes } from '../browser/login.ts';
import { endpoints } from '../endpoints/endpoints.ts';
import { apiRouter } from './api-router.ts';
import type { ProcessState } from './define-endpoint.ts';
import { answerError } from './errors/answer-error.ts';
import type { RequestLimits } from './limits/request-limits.ts';
import { checkMethod } from './middleware/check-method.ts';
import { logRequests, observeRequests, traceRequests } from './middleware/observe-requests.ts';

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

/** For answers to programs, and for the pages (Bull Board, the API's document): everything from here, nothing in a frame. */
function securityHeaders(): RequestHandler {
  return helmet({
    // Nothing is upgraded to https: every address in our pages is relative, and a deployment may have no TLS of its own.
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'self'"],
        'base-uri': ["'self'"],
        'connect-src': ["'self'"],
        'font-src': ["'self'", 'data:'],
        'form-action': ["'self'"],
        'frame-ancestors': ["'none'"],
        'img-src': ["'self'", 'data:'],
        'object-src': ["'none'"],
        'script-src': ["'self'"],
        // Both pages set styles on their elements; no text of a client gets into one.
        'style-src': ["'self'", "'unsafe-inline'"],
      },
    },
    frameguard: { action: 'deny' },
    // With `no-referrer` a form says that it comes from `null`, and without TLS nothing else tells whose it is.
    referrerPolicy: { policy: 'same-origin' },
  });
}
