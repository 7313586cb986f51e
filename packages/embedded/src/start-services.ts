import { join } from 'node:path';
import { type ChosenRoute, chooseRoute } from './choose-route.ts';
import { type DataFolder, openDataFolder, openServiceHome } from './data/open-data-folder.ts';
import { mongodbRoutes } from './mongodb/mongodb-routes.ts';
import { redisRoutes } from './redis/redis-routes.ts';
import type { ServiceName, ServiceRoute } from './service-route.ts';

export type StartServicesOptions = (
  | { readonly dataDir: string }
  | { readonly ephemeral: true }
  /** A folder that the caller opened. It is closed by `stop`, and if the start fails. */
  | { readonly folder: DataFolder }
) & {
  readonly report: (step: StepReport) => void;
  readonly env?: NodeJS.ProcessEnv;
};

export interface StartedService {
  readonly url: string;
  /** The route that led to the server, and why. */
  readonly chosen: string;
  readonly why: string;
  /** Whether it found the data of an earlier start. */
  readonly reused: boolean;
  /** Missing if the server is not a child of this process. */
  readonly pid?: () => number;
  /** Restarts the server on the same port and data, even after it was killed. Missing if this process did not start it. */
  readonly restart?: () => Promise<void>;
}

export interface ServiceExit {
  readonly service: ServiceName;
  readonly detail: string;
}

export interface Services {
  readonly redis: StartedService;
  readonly mongodb: StartedService;
  /** Resolves when a server ends without `stop`. */
  readonly exited: Promise<ServiceExit>;
  /** Stops what was started here, and removes ephemeral data. */
  readonly stop: () => Promise<void>;
}

interface Prepared {
  readonly name: ServiceName;
  readonly route: ChosenRoute;
}

/**
 * Starts Redis and MongoDB on a machine that may have neither. For each service `chooseRoute` tries the routes in order (an address
 * from the environment, an installed server, Docker, a download, an installation, a build) and takes the first that works. Both are
 * prepared concurrently. With `dataDir` the data is kept there durably. `ephemeral` data is fast and removed by `stop`. Both
 * servers end with this process, even if it is killed.
 * @throws EmbeddedError with a message for the user if a service cannot be started or the data is in use
 */
export async function startServices(options: StartServicesOptions): Promise<Services> {
  const folder = 'folder' in options ? options.folder : await openDataFolder(options);
  const results = await Promise.allSettled([
    prepare({ name: 'redis', routes: redisRoutes, folder, options }),
    prepare({ name: 'mongodb', routes: mongodbRoutes, folder, options }),
  ]);
  const prepared = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const stop = once(async () => {
    await Promise.all(prepared.map(({ route }) => route.service.stop()));
    await folder.close();
  });
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason;
  }
  const [redis, mongodb] = prepared as [Prepared, Prepared];
  return { redis: describe(redis), mongodb: describe(mongodb), exited: firstExit(prepared), stop };
}

async function prepare({
  name,
  routes,
  folder,
  options,
}: {
  name: ServiceName;
  routes: readonly ServiceRoute[];
  folder: DataFolder;
  options: StartServicesOptions;
}): Promise<Prepared> {
  const { report, env = process.env } = options;
  report({ step: name, state: 'running', text: 'searching for a server' });
  try {
    const home = await openServiceHome({ folder: join(folder.path, name), kept: folder.kept });
    const context = {
      env,
      home,
      progress: (text: string) => report({ step: name, state: 'running', text }),
      note: (text: string) => report({ step: name, state: 'note', text }),
    };
    const route = await chooseRoute({ serviceName: name, routes, context });
    const keptText = route.reused ? `, with the data of an earlier start (${home.dataFolder})` : '';
    report({
      step: name,
      state: 'done',
      text: `${withoutSecrets(route.service.url)} by ${route.chosen}: ${route.why}${keptText}`,
    });
    return { name, route };
  } catch (error) {
    report({ step: name, state: 'failed', text: error instanceof Error ? error.message : String(error) });
    throw error;
  }
}

/** A second Ctrl-C, or a crash during the stop, must not stop twice. */
function once(work: () => Promise<void>): () => Promise<void> {
  let result: Promise<void> | undefined;
  return () => {
    result ??= work();
    return result;
  };
}

/** The user's own address may contain a password. */
function withoutSecrets(address: string): string {
  return address.replace(/\/\/[^@/]*@/, '//***@').replace(/\?.*$/, '');
}

function describe({ route }: Prepared): StartedService {
  const { url, pid, restart } = route.service;
  const { chosen, why, reused } = route;
  return { url, chosen, why, reused, ...(pid && { pid }), ...(restart && { restart }) };
}

function firstExit(prepared: readonly Prepared[]): Promise<ServiceExit> {
  return new Promise((resolve) => {
    for (const { name, route } of prepared) {
      void route.service.exited?.then((detail) => resolve({ service: name, detail }));
    }
  });
}

/** A report of the current work, for display. Steps with different names run concurrently. */
export interface StepReport {
  readonly step: string;
  /** `running` replaces the step's progress text, `note` is a permanent line, and `done` and `failed` end the step. */
  readonly state: 'running' | 'note' | 'done' | 'failed';
  readonly text: string;
}
