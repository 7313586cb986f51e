import type { RouteContext, RunningService } from '../service-route.ts';
import { enginePaths, engineRelease } from './engine-release.ts';
import { startMongodbServer } from './start-mongodb-server.ts';

// Enough for the working set of a practice; its default of 4 GB is too much for a laptop that runs everything.
const CACHE_SIZE = '512M';

/** The engine of `engine-release.ts`. */
export function startEngine(context: RouteContext): Promise<RunningService> {
  const { env, home } = context;
  return startMongodbServer({
    name: engineRelease.crate,
    binary: enginePaths(env).binary,
    args: (port) => [
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      '--storage-path',
      home.dataFolder,
      '--cache-size',
      CACHE_SIZE,
      '--log-level',
      'WARNING',
      // Without it 338 of 138,400 acknowledged writes were lost in 8 kills, with it none. It costs a factor of 4 in
      // writes, which data that is thrown away need not pay.
      ...(home.kept ? ['--sync-on-commit'] : []),
    ],
    context,
  });
}
