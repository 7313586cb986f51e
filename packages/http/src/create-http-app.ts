import type { Logger, Tracing } from '@bulkhead/base';
import express, { type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import { answerError } from './answer-error.ts';
import { apiRouter } from './api-router.ts';
import type { Endpoint, HttpServices, ProcessState } from './define-endpoint.ts';
import { apiError } from './errors/errors.ts';
import type { RequestLimits } from './limits/request-limits.ts';
import { checkMethod, type EndpointsAt, endpointIndex } from './middleware/check-method.ts';
import { logRequests, observeRequests, traceRequests } from './middleware/observe-requests.ts';

export interface HttpAppOptions {
  readonly endpoints: readonly Endpoint[];
  readonly services: HttpServices;
  readonly process: ProcessState;
  readonly limits: RequestLimits;
  readonly logger: Logger;
  readonly tracing: Tracing;
  /** Which proxies may set the address and the scheme of a request: Express' `trust proxy`. */
  readonly trustProxy: number | readonly string[];
  /** Prometheus sends it instead of an operator's key. */
  readonly metricsToken: string | undefined;
  /** Answers requests by another program, before anything of them is read, counted or logged. */
  readonly passOn?: ((endpointsAt: EndpointsAt) => RequestHandler) | undefined;
  /** Routes without an endpoint, before and after those of the endpoints. */
  readonly before?: readonly RequestHandler[] | undefined;
  readonly after?: readonly RequestHandler[] | undefined;
}

/** The routes of a program, in their order. */
export function createHttpApp(options: HttpAppOptions): Express {
  const {
    endpoints,
    services,
    process,
    limits,
    logger,
    tracing,
    metricsToken,
    passOn,
    before = [],
    after = [],
  } = options;
  const endpointsAt = endpointIndex(endpoints);
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', options.trustProxy);
  app.use(removeForwardedPorts);
  app.use(securityHeaders());
  if (passOn) app.use(passOn(endpointsAt));
  app.use(traceRequests(tracing, endpointsAt));
  app.use(logRequests({ logger, observe: observeRequests(process.metrics), endpointsAt }));
  app.use(checkMethod(endpointsAt));
  for (const routes of before) app.use(routes);
  app.use(apiRouter({ endpoints, deps: { services, process }, limits, logger, metricsToken }));
  for (const routes of after) app.use(routes);
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
