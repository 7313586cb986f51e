import { ServerProcess } from '../processes/server-process.ts';
import type { RouteContext, RunningService } from '../service-route.ts';
import { pingMongodb } from './ping-mongodb.ts';

export interface StartMongodbServerOptions {
  readonly name: string;
  readonly binary: string;
  readonly args: (port: number) => readonly string[];
  readonly context: RouteContext;
}

// The server is on this machine: one that has not answered by then is not up yet.
const PING_TIMEOUT_MS = 1_000;

/** A server that speaks MongoDB's protocol, whichever it is. */
export async function startMongodbServer({
  name,
  binary,
  args,
  context,
}: StartMongodbServerOptions): Promise<RunningService> {
  const { env, home } = context;
  const server = new ServerProcess({
    name,
    command: binary,
    args,
    env,
    home,
    ping: (port) => pingMongodb({ url: mongodbUrl({ host: '127.0.0.1', port }), timeoutMs: PING_TIMEOUT_MS }),
  });
  await server.start();
  return {
    url: mongodbUrl({ host: '127.0.0.1', port: server.port }),
    pid: () => server.pid,
    restart: () => server.restart(),
    died: server.died,
    stop: () => server.stop(),
  };
}

/** `directConnection`: some of these servers announce themselves as a replica set of one, under an address that is not ours. */
export function mongodbUrl({ host, port }: { host: string; port: number }): string {
  return `mongodb://${host}:${port}/bulkhead?directConnection=true`;
}
