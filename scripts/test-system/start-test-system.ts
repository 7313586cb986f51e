import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type StepReport, startServices } from '@bulkhead/embedded';
import { createApiClient } from '../system/api-client.ts';
import type { AppProcess, AppProcessOptions } from '../system/app-process.ts';
import {
  allStarted,
  apiApp,
  openStore,
  type Stoppable,
  serveApp,
  simulatorApp,
  startApp,
  startParts,
  systemEnv,
  workerApp,
} from '../system/apps.ts';
import { bundleApps, root } from '../system/builds.ts';
import { waitForHttp } from '../system/wait-for-http.ts';
import { type DatabaseServer, sharedServer, startedServer } from './database-server.ts';
import { engineInMemory } from './engine-in-memory.ts';
import { controlSimulator } from './simulator-control.ts';

/** `simulator`, `api` and `workers` run. `baseUrl` is the address of the API, and `apiKey` a key of an operator. */
export type TestSystem = Awaited<ReturnType<typeof startTestSystem>>;

// The guide's interval of 30 s, and a minute for the sweep and the lock, would be most of a round's time. Rounds are
// verified by the requests of exports. Documents are fetched later, and by far more requests.
const workerEnv = { WORKER_POLL_INTERVAL_MS: '250', WORKER_SWEEP_INTERVAL_MS: '1000', WORKER_DOCUMENTS: 'off' };
/**
 * Twice the longest pause of a worker on two busy cores here. A job that is taken over too early must do no damage
 * anyway.
 */
const lockMs = 2000;
/** The simulator reports an export as running for this long, so that there is a time in which the client only polls. */
const exportSeconds = '0.5';
/**
 * Above the ports of `npm start`, so that both can run, and below the ephemeral ports of the system. Derived from the
 * process id, so that test files that start their systems at the same time seldom need a second attempt.
 */
const firstPort = 4000 + (process.pid % 1000) * 20;
const ownPrefix = '{chaos}';
const connection = { provider: 'athenahealth', practiceId: '195900', auth: { method: 'client_credentials' } };

type Env = Readonly<Record<string, string>>;

export interface TestSystemStart {
  /** Where data and logs are kept. Default: a new folder, which is removed when the system stops. */
  readonly folder?: string;
  readonly patients: number;
  /** Default: 1. */
  readonly seed?: number;
  /** Default: nothing is reported. */
  readonly report?: (step: StepReport) => void;
  /** The environment of the API and the workers, in addition to the addresses of the servers. It may need files in the folder. */
  readonly env?: Env | ((folder: string) => Env);
  /**
   * The clock of the API and the workers. Default: one that `shiftClocks` shifts. It needs the sources, not the bundles.
   */
  readonly clock?: { readonly preload: string; readonly env: Env };
  /** Running servers, for tests that kill none. Default: own ones. */
  readonly services?: { readonly redisUrl: string; readonly mongodbUri: string; readonly prefix: string };
  /**
   * Own servers that keep nothing, for tests that read everything in them or load them heavily, and kill none. The engine needs half the CPU
   * time of a durable one.
   */
  readonly inMemory?: boolean;
  /** A MongoDB that runs. Default: an own one. It is not stopped with the system. */
  readonly mongodb?: DatabaseServer;
  /** Options of Node.js for the workers. Default: none. */
  readonly workerArgs?: readonly string[];
  /** Options of Node.js for the API. Default: none. */
  readonly apiArgs?: readonly string[];
  /** Default: 2. */
  readonly workerCount?: number;
  /** Ten times the rate of athenahealth and no wait at the start, for tests that are not about the rate. */
  readonly hasFastRate?: boolean;
}

/** Starts a system of real processes: durable Redis and MongoDB, a simulated athenahealth, an API and two workers. */
export async function startTestSystem(options: TestSystemStart) {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'bulkhead-system-'));
  const remove = () => {
    if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
  };
  try {
    const system = await startParts((started) => startAll({ ...options, folder, started }));
    return { ...system, folder, stop: () => system.stop().finally(remove) };
  } catch (error) {
    remove();
    throw error;
  }
}

async function startAll({
  folder,
  patients,
  seed = 1,
  report = () => undefined,
  env: wantedEnv = {},
  clock,
  services: givenServices,
  inMemory = false,
  mongodb: givenMongodb,
  workerArgs = [],
  apiArgs = [],
  workerCount = 2,
  hasFastRate = false,
  started,
}: TestSystemStart & { readonly folder: string; readonly started: Stoppable[] }) {
  const givenEnv = typeof wantedEnv === 'function' ? wantedEnv(folder) : wantedEnv;
  const clockFile = join(folder, 'clock-offset');
  writeFileSync(clockFile, '0');
  const { preload, env: clockEnv } = clock ?? {
    preload: join(import.meta.dirname, '../chaos/clock/shift-clock.preload.ts'),
    env: { CHAOS_CLOCK_FILE: clockFile },
  };
  if (!clock) await bundleApps();
  const launch = async (app: Omit<AppProcessOptions, 'logFolder'>): Promise<AppProcess> => {
    const child = await startApp({
      ...app,
      sources: clock ? root : undefined,
      logFolder: join(folder, 'logs'),
      keepsLogs: true,
    });
    started.push(child);
    return child;
  };
  const startSimulator = () =>
    launch({
      ...simulatorApp({
        SIMULATOR_PATIENTS: String(patients),
        SIMULATOR_SEED: String(seed),
        SIMULATOR_EXPORT_SECONDS: exportSeconds,
        SIMULATOR_RETRY_AFTER_SECONDS: '0',
        ...(hasFastRate ? { SIMULATOR_RATE_WINDOW_REQUESTS: String(fastRate.limit) } : {}),
      }),
      wantedPort: firstPort,
      ready: (url) => waitForHttp({ url: `${url}/health`, what: 'the simulated athenahealth' }),
    });
  const [{ redis, mongodb, prefix }, { url: simulatorUrl }] = await allStarted([
    givenServices
      ? useServers({ ...givenServices, started })
      : startServers({ folder, report, started, inMemory, mongodb: givenMongodb }),
    startSimulator(),
  ]);
  const encryptionKey = randomBytes(32).toString('base64');
  const store = await openStore({ uri: mongodb.url, encryptionKey, started });

  const envOf = (apiPort: number, serveUrl: string) => {
    // For a browser, this is another site than the EHR's.
    const settings = systemEnv({
      redisUrl: redis.url,
      mongodbUrl: mongodb.url,
      encryptionKey,
      simulatorUrl,
      publicUrl: `http://localhost:${apiPort}`,
      serveUrl,
    });
    const hasOwnProviders = givenEnv?.BULKHEAD_PROVIDERS_FILE !== undefined;
    const providers = hasFastRate && !hasOwnProviders ? { BULKHEAD_PROVIDERS: fastProvider } : {};
    return { ...settings, BULKHEAD_PREFIX: prefix, ...providers, ...clockEnv, ...givenEnv };
  };
  const nodeArgs = ['--import', preload];
  let nextPort = firstPort + 1;
  const serve = await launch({
    ...serveApp(envOf(0, ''), [...nodeArgs, ...apiArgs]),
    wantedPort: nextPort++,
    ready: (url) => waitForHttp({ url: `${url}/health`, what: 'serve' }),
  });
  const envAt = (apiPort: number) => envOf(apiPort, serve.url);
  const startApi = () =>
    launch({
      ...apiApp(envAt, [...nodeArgs, ...apiArgs]),
      wantedPort: nextPort++,
      ready: (url) => waitForHttp({ url: `${url}/health`, what: 'the API' }),
    });
  const api = await startApi();
  const baseUrl = api.url;
  const env = { ...workerEnv, WORKER_LOCK_MS: String(lockMs), ...envAt(api.port) };
  const simulator = controlSimulator(simulatorUrl);
  const apiKey = await store.apiKeys.create({ name: 'chaos', role: 'operator', now: new Date() });
  let workersStarted = 0;
  const startWorker = () =>
    launch({
      ...workerApp({ name: `worker-${++workersStarted}`, env }),
      wantedPort: nextPort++,
      nodeArgs: [...nodeArgs, ...workerArgs],
    });
  const [workers, { id: connectionId }] = await allStarted([
    allStarted(Array.from({ length: workerCount }, startWorker)),
    createApiClient({ baseUrl, apiKey })<{ id: string }>('POST', '/api/ehr/connections', connection),
    simulator.readClock(),
  ]);
  return {
    redis,
    mongodb,
    simulator,
    store,
    api,
    serve,
    workers,
    baseUrl,
    apiKey,
    connectionId,
    prefix,
    encryptionKey,
    lockMs,
    /** The environment of the API and the workers, for processes that a test runs itself. */
    env,
    /** Starts a further API. */
    startApi,
    /** Starts a further worker. */
    startWorker,
    /** The address of each worker's health and metrics. */
    workerUrls: workers.map(({ url }) => url),
    /** Shifts the wall clocks of the API and the workers by this much, at once. */
    shiftClocks(offsetMs: number) {
      writeFileSync(clockFile, String(offsetMs));
      for (const child of [api, serve, ...workers]) child.signal('SIGUSR2');
    },
  };
}

async function startServers({
  folder,
  report,
  started,
  inMemory,
  mongodb,
}: Required<Pick<TestSystemStart, 'folder' | 'report' | 'inMemory'>> & {
  readonly started: Stoppable[];
  readonly mongodb: DatabaseServer | undefined;
}) {
  // Servers of a test run or of the user must not be killed.
  const { REDIS_URL: _redis, MONGODB_URI: _mongodb, ...ownEnv } = process.env;
  const env = { ...ownEnv, ...(mongodb ? { MONGODB_URI: mongodb.url } : {}) };
  const services = await startServices(
    inMemory
      ? { ephemeral: true, report, env: { ...env, ...engineInMemory } }
      : { dataDir: folder, report, env: tolerateNoSpace(folder, env) },
  );
  // They stop last, see `startParts`.
  started.unshift(services);
  return {
    redis: startedServer(services.redis),
    mongodb: mongodb ?? startedServer(services.mongodb),
    prefix: ownPrefix,
  };
}

function useServers(options: NonNullable<TestSystemStart['services']> & { readonly started: Stoppable[] }) {
  const { redisUrl, mongodbUri, prefix, started } = options;
  // `startParts` stops the first part last, for which other tests are responsible here.
  started.unshift({ stop: async () => undefined });
  return { redis: sharedServer(redisUrl), mongodb: sharedServer(mongodbUri), prefix };
}

const fastRate = { limit: 160, windowMs: 2000, perDay: 100_000, coldStart: 'go' };

/** athenahealth has the fast rate. */
const fastProvider = JSON.stringify([{ id: 'athenahealth', rateLimit: fastRate }]);

/**
 * Returns an environment in which a server meets a full disk as in production: its write fails, and the server survives
 * or not. A limit on the size of files (`prlimit --fsize`) also fails the write, but sends SIGXFSZ, too, which kills
 * every process that does not ignore it. Ignored signals survive an exec. Servers are started through `setpriv`, so
 * they are started through a `setpriv` that ignores this signal.
 */
function tolerateNoSpace(folder: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const result = spawnSync('/bin/sh', ['-c', 'command -v setpriv'], { encoding: 'utf8', env });
  const setpriv = result.stdout.trim();
  // Without setpriv, servers are started directly. A server whose file reaches the limit is then killed: a crash, not a
  // full disk.
  if (setpriv === '') return env;
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'setpriv'), `#!/bin/sh\ntrap '' XFSZ\nexec '${setpriv}' "$@"\n`);
  chmodSync(join(bin, 'setpriv'), 0o755);
  return { ...env, PATH: [bin, env.PATH].join(delimiter) };
}
