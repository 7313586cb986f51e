import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { createHealth } from './health.ts';

/** `/health` and `/ready` of a process that serves nothing else. @returns the listening server. */
export async function startHealthServer(options: {
  readonly health: ReturnType<typeof createHealth>;
  readonly port: number;
}): Promise<Server> {
  const { health, port } = options;
  const server = createServer((request, response) => {
    const answer = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (request.url === '/health') answer(200, { status: 'alive' });
    else if (request.url !== '/ready') answer(404, { error: 'not found' });
    else void health.readiness().then((readiness) => answer(readiness.ready ? 200 : 503, readiness));
  });
  server.listen(port);
  await once(server, 'listening');
  return server;
}
