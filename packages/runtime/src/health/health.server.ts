import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Metrics } from '../metrics.ts';
import type { createHealth } from './health.ts';

interface HealthServerOptions {
  readonly health: ReturnType<typeof createHealth>;
  readonly metrics: Metrics;
  /** What `/metrics` asks for; undefined: nothing. */
  readonly metricsToken: string | undefined;
}

/** `/health`, `/ready` and `/metrics` of a process that serves nothing else. @returns the listening server. */
export async function startHealthServer(options: HealthServerOptions & { readonly port: number }): Promise<Server> {
  const server = createServer((request, response) => {
    answer(options, { request, response }).catch(() => response.writeHead(500).end());
  });
  server.listen(options.port);
  await once(server, 'listening');
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
      if (token !== undefined && !carriesToken({ authorization, token })) return json(401, { error: 'METRICS_TOKEN' });
      response.writeHead(200, { 'content-type': metrics.contentType }).end(await metrics.page());
      return;
    }
    default:
      return json(404, { error: 'not found' });
  }
}

/** Whether an `Authorization` header carries this token; the time that it takes tells nothing about the token. */
export function carriesToken({
  authorization,
  token,
}: {
  readonly authorization: string | undefined;
  readonly token: string;
}): boolean {
  const given = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
  return given !== undefined && timingSafeEqual(digest(given), digest(token));
}

/** Of equal length, whatever was given. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
