import type { RouteContext, RunningService } from '../service-route.ts';
import { startMongodbServer } from './start-mongodb-server.ts';

// mongod takes half of the machine's memory by default; here it shares a developer's machine with everything else.
const CACHE_GB = '0.5';

/** MongoDB's own server. It journals by default, so kept data needs nothing more. */
export function startMongod({ binary, context }: { binary: string; context: RouteContext }): Promise<RunningService> {
  return startMongodbServer({
    name: 'mongod',
    binary,
    args: (port) => [
      '--dbpath',
      context.home.dataFolder,
      '--port',
      String(port),
      '--bind_ip',
      '127.0.0.1',
      '--wiredTigerCacheSizeGB',
      CACHE_GB,
    ],
    context,
  });
}
