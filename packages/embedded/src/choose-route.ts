import { clearData, readEngineMarker, writeEngineMarker } from './data/open-data-folder.ts';
import { EmbeddedError } from './embedded.error.ts';
import type { RouteContext, RouteOutcome, RunningService, ServiceName, ServiceRoute } from './service-route.ts';

export interface ChosenRoute {
  readonly service: RunningService;
  readonly chosen: string;
  readonly why: string;
  /** Whether data of an earlier start was found. */
  readonly reused: boolean;
}

export interface ChooseRouteOptions {
  readonly serviceName: ServiceName;
  readonly routes: readonly ServiceRoute[];
  readonly context: RouteContext;
}

interface FailedAttempt {
  readonly route: string;
  readonly reason: string;
}

/** Chooses the first route that leads to a running server. @throws an error that lists every route and why it was not chosen */
export async function chooseRoute({ serviceName, routes, context }: ChooseRouteOptions): Promise<ChosenRoute> {
  const failed: FailedAttempt[] = [];
  for (const route of routes) {
    const { result, reused } = await attemptRoute({ route, context });
    if (result.outcome === 'running') return { service: result.service, chosen: route.name, why: result.why, reused };
    failed.push({ route: route.name, reason: result.reason });
    if (result.outcome === 'refused') break;
  }
  throw new EmbeddedError({ code: 'NO_ROUTE', message: describe({ serviceName, failed }) });
}

async function attemptRoute({ route, context }: { route: ServiceRoute; context: RouteContext }) {
  const { home } = context;
  const writtenBy = await readEngineMarker(home);
  const reused = route.engine !== undefined && writtenBy !== undefined;
  if (reused && writtenBy !== route.engine)
    return { result: otherEngine({ home: home.dataFolder, writtenBy }), reused };
  if (route.engine && !reused) await writeEngineMarker({ home, engine: route.engine });
  const result = await attempt({ route, context });
  if (result.outcome !== 'running' && route.engine && !reused) await clearData(home);
  return { result, reused };
}

async function attempt({ route, context }: { route: ServiceRoute; context: RouteContext }): Promise<RouteOutcome> {
  try {
    return await route.attempt(context);
  } catch (error) {
    // Another route may work after any error. If none does, the reason is part of the final error.
    return { outcome: 'unavailable', reason: error instanceof Error ? error.message : String(error) };
  }
}

function otherEngine({ home, writtenBy }: { home: string; writtenBy: string }): RouteOutcome {
  const reason = `the data in ${home} was written by ${writtenBy}. Move it away to start with an empty database of this engine`;
  return { outcome: 'unavailable', reason };
}

const ADVICE: Record<ServiceName, string> = {
  redis:
    'Install Redis so that redis-server is on PATH, start Docker, or set REDIS_URL to a Redis that runs elsewhere.',
  mongodb:
    'Install MongoDB so that mongod is on PATH, start Docker, install Rust (https://rustup.rs) so that an engine can be built, or set MONGODB_URI to a MongoDB that runs elsewhere.',
};

function describe({ serviceName, failed }: { serviceName: ServiceName; failed: readonly FailedAttempt[] }): string {
  const tried = failed.map(({ route, reason }) => `  - ${route}: ${reason.replaceAll('\n', '\n      ')}`).join('\n');
  return `No ${serviceName === 'redis' ? 'Redis' : 'MongoDB'} could be started on this machine. Tried, in this order:\n${tried}\n${ADVICE[serviceName]}`;
}
