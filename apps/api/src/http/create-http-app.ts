import type { IdentityProvider } from '@bulkhead/access';
import type { Logger, Tracing } from '@bulkhead/base';
import type { Producer } from '@bulkhead/queues';
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
import { apiError } from './errors/errors.ts';
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
  /** The folder of the built console. */
  readonly consoleDir: string;
  /** Prometheus sends it instead of an operator's key. */
  readonly metricsToken: string | undefined;
  readonly identityProvider?: IdentityProvider | undefined;
  readonly hasKeyLogin: boolean;
  /** Whether the documentation of the API is served. */
  readonly hasDocs: boolean;
}

/** The routes in their order: documentation, login, Bull Board, the API's endpoints, then the console. */
export function createHttpApp(options: HttpAppOptions): Express {
  const { services, process, producer, limits, logger, tracing, metricsToken } = options;
  const { audit, sessions } = services;
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', options.trustProxy);
  app.use(removeForwardedPorts);
  app.use(traceRequests(tracing));
  app.use(logRequests({ logger, observe: observeRequests(process.metrics) }));
  app.use(securityHeaders());
  app.use(checkMethod());
  if (options.hasDocs) app.use(docsRoutes());
  const { identityProvider, hasKeyLogin } = options;
  const { refusedAttempts } = process;
  app.use(loginRoutes({ ...services, refusedAttempts, limits, logger, identityProvider, hasKeyLogin }));
  app.use(bullBoardPath, bullBoardRoute({ producer, sessions, audit, logger }));

  app.use(apiRouter({ endpoints, deps: { services, process }, limits, logger, metricsToken }));
  // The console comes after the API, so that requests of the API do not search for a file first.
  app.use(consoleRoutes({ sessions, consoleDir: options.consoleDir }));

  app.use(() => {
    throw apiError('unknown-route');
  });
  app.use(answerError(logger));
  return app;
}

/**
 * Some proxies, such as Azure Application Gateway, add the port of the client (`203.0.113.9:51234`, `[2001:db8::1]:443`). Express would
 * take each port for another address.
 */
const removeForwardedPorts: RequestHandler = ({ headers }, _response, next) => {
  const forwardedFor = [headers['x-forwarded-for'] ?? []].flat().join();
  if (forwardedFor !== '') headers['x-forwarded-for'] = forwardedFor.split(',').map(withoutPort).join();
  next();
};

function withoutPort(entry: string): string {
  const [, ipv4, ipv6] =
    /^(?:(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}|\[([\da-f:.]{2,45})\](?::\d{1,5})?)$/i.exec(entry.trim()) ?? [];
  return ipv4 ?? ipv6 ?? entry;
}

/** Headers for all responses, including the pages (Bull Board, the API's documentation): nothing from other servers, no frames. */
function securityHeaders(): RequestHandler {
  return helmet({
    // No `upgrade-insecure-requests`: all addresses in our pages are relative, and a deployment may have no TLS.
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
        // Both pages set styles on their elements. No text of a client becomes part of a style.
        'style-src': ["'self'", "'unsafe-inline'"],
      },
    },
    frameguard: { action: 'deny' },
    // With `no-referrer` a form is sent with the origin `null`. Without TLS, the origin is the only sign of the page that sent it.
    referrerPolicy: { policy: 'same-origin' },
  });
}
