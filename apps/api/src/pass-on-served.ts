import { Agent } from 'node:http';
import type { Logger } from '@bulkhead/base';
import { apiError, type EndpointsAt, isServed } from '@bulkhead/http';
import type { RequestHandler } from 'express';
import { createProxyServer } from 'httpxy';

/**
 * As long as the API itself lets a client be silent. `serve` reads up to its first byte, or waits for a turn, and a process that is frozen would
 * keep its callers for ever.
 */
const silenceMs = 120_000;

/**
 * Passes requests for stored data on to `serve`, as streams in both directions. The API adds nothing that `serve` trusts but the address from
 * which it was asked, as every proxy does: who the caller is, `serve` finds out itself.
 */
export function passOnServed(options: {
  /** SERVE_URL. */
  readonly serveUrl: string;
  readonly endpointsAt: EndpointsAt;
  readonly logger: Logger;
}): RequestHandler {
  const { serveUrl, endpointsAt, logger } = options;
  // As many as clients are connected here. Each is a client of `serve`, which has its own limits.
  const agent = new Agent({ keepAlive: true });
  const proxy = createProxyServer({ target: serveUrl, agent, proxyTimeout: silenceMs });
  proxy.on('proxyRes', (answer, _request, response) => {
    // The proxy then cuts the answer off. Without the head, many clients would send the request again.
    answer.once('error', () => response.flushHeaders());
  });
  return (request, response, next) => {
    const { path, headers, ip, protocol, host } = request;
    if (!isServed(path) || endpointsAt(path).length > 0) return next();
    Object.assign(headers, { 'x-forwarded-for': ip, 'x-forwarded-proto': protocol, 'x-forwarded-host': host });
    delete headers.forwarded;
    proxy.web(request, response).catch((error: Error) => {
      if (response.headersSent || response.destroyed) return void response.destroy();
      logger.warn('stored data cannot be read: check that `serve` runs, and SERVE_URL', { error });
      next(apiError('serving-unavailable', { cause: error }));
    });
  };
}
