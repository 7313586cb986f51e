import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { listen } from '../process/listen.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { createHealth } from './health.ts';

interface HealthServerOptions {
  readonly health: ReturnType<typeof createHealth>;
  readonly metrics: Metrics;
  /** The token that `/metrics` requires. If undefined, `/metrics` is public. */
  readonly metricsToken: string | undefined;
}

/**
 * Serves `/health`, `/ready` and `/metrics` for a process that has no other HTTP server.
 * @returns the listening server
 * @throws PortTakenError
 */
export async function startHealthServer(
  options: HealthServerOptions & { readonly port: number; readonly host: string },
): Promise<Server> {
  const server = createServer((request, response) => {
    answer(options, { request, response }).catch(() => response.writeHead(500).end());
  });
  await listen(server, { port: options.port, host: options.host, variable: 'WORKER_HEALTH_PORT' });
  return server;
}

async function answer(
  { health, metrics, metricsToken: token }: HealthServerOptions,
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
): Promise<void> {
  const json = (status: number, body: object) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  switch (request.url) {
    case '/health':
      return json(200, health.life);
    case '/ready': {
      const readiness = await health.readiness();
      return json(readiness.ready ? 200 : 503, readiness);
    }
    case '/metrics': {
      const { authorization } = request.headers;
      if (token !== undefined && !hasToken({ authorization, token })) return json(401, { error: 'METRICS_TOKEN' });
      response.writeHead(200, { 'content-type': metrics.contentType }).end(await metrics.page());
      return;
    }
    default:
      return json(404, { error: 'not found' });
  }
}

/** Whether an `Authorization` header contains this token. Compares in constant time, so that the duration reveals nothing. */
export function hasToken(options: { readonly authorization: string | undefined; readonly token: string }): boolean {
  const { authorization, token } = options;
  const sentToken = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
  return sentToken !== undefined && timingSafeEqual(digest(sentToken), digest(token));
}

/** `timingSafeEqual` needs inputs of equal length. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
