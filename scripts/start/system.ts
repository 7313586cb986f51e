import { join } from 'node:path';
import { openDataFolder, type Services, startServices } from '@bulkhead/embedded';
import { createStore, type Store } from '@bulkhead/store';
import { type AppProcess, type AppProcessOptions, startApp } from './app-process.ts';
import { buildConsole } from './build-console.ts';
import { bundleWorker, workerEntry } from './bundle-worker.ts';
import { type KeptState, saveState } from './kept-state.ts';
import type { StartOptions } from './options.ts';
import { requestLine } from './request-line.ts';
import type { Steps } from './steps.ts';
import { waitForHttp } from './wait-for-http.ts';
import { workerMemoryEnv, workerNodeArgs } from './worker-process.ts';

/** Without what is about users. */
type SystemOptions = Omit<StartOptions, 'newKey' | 'stateDir'>;

export interface RunningSystem {
  readonly store: Store;
  readonly baseUrl: string;
  readonly simulatorUrl: string;
  readonly state: KeptState;
  /** What the apps were started with, for programs that are to work beside them. */
  readonly env: Readonly<Record<string, string>>;
  readonly workers: readonly AppProcess[];
  /** The API and the workers. */
  readonly apps: readonly AppProcess[];
  readonly died: Services['died'];
  stop(): Promise<void>;
}

/** The guide's interval is 30 s; against the simulator, whose exports take seconds, that would only be waiting. */
const pollIntervalMs = 2000;
const defaultSimulatorPort = 8080;
/** Where docker/prometheus/targets/worker.yml looks for the workers of `npm start`. */
const firstMetricsPort = 9464;
/** Next to the inspector's default port, which the user's own process may have. */
const inspectorPorts = { api: 9230, worker: 9231 };

/** Redis, MongoDB, a simulated athenahealth, the API and two workers. What was started is stopped if a later step fails. */
export async function startSystem(options: {
  readonly folder: string;
  /** Called when the folder is held: another start may not read or write what is in it. */
  readonly openState: () => KeptState;
  readonly start: SystemOptions;
  readonly steps: Steps;
  /** Databases without durability, thrown away at the end: for measurements. */
  readonly ephemeral?: boolean;
}): Promise<RunningSystem> {
  const started: { stop(): Promise<void> }[] = [];
  // In reverse: workers before the API before the servers that they need. Every app has 4 s, all of them at once.
  const stop = async () => {
    const [services, ...rest] = started.splice(0);
    await Promise.all(rest.map((one) => one.stop()));
    await services?.stop();
  };
  try {
    return { ...(await startParts({ ...options, started })), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface PartsOptions {
  readonly folder: string;
  readonly openState: () => KeptState;
  readonly start: SystemOptions;
  readonly steps: Steps;
  readonly ephemeral?: boolean;
  /** What was started so far, in its order. */
  readonly started: { stop(): Promise<void> }[];
}

async function startParts(options: PartsOptions): Promise<Omit<RunningSystem, 'stop'>> {
  const { folder, openState, start, steps, started, ephemeral } = options;
  const held = await openDataFolder(ephemeral ? { ephemeral } : { dataDir: folder });
  const kept = openState();
  const consoleBuilt = start.once ? undefined : prepareConsole(steps);
  const bundled = start.dev ? Promise.resolve() : bundleWorker();
  // Awaited where workers start; what fails before that is told first.
  bundled.catch(() => undefined);
  const services = await startServices({ folder: held, report: steps.report });
  started.push(services);
  const store = await openStore({ steps, state: kept, uri: services.mongodb.url });
  started.push({ stop: () => store.close() });

  const launch = launcher(options);
  const simulator = await startSimulator({
    launch,
    steps,
    start,
    wantedPort: kept.simulatorPort ?? defaultSimulatorPort,
  });
  const simulatorUrl = `http://127.0.0.1:${simulator.port}`;
  const state = { ...kept, simulatorPort: simulator.port };
  saveState({ folder, state });
  const envAt = (apiPort: number) => ({
    REDIS_URL: services.redis.url,
    MONGODB_URI: services.mongodb.url,
    BULKHEAD_ENCRYPTION_KEY: state.encryptionKey,
    ATHENAHEALTH_FHIR_ENDPOINT: `${simulatorUrl}/fhir/r4`,
    ATHENAHEALTH_CLIENT_ID: 'simulator-client',
    ATHENAHEALTH_CLIENT_SECRET: 'simulator-secret',
    ATHENAHEALTH_REDIRECT_URI: `http://127.0.0.1:${apiPort}/api/ehr/callback`,
  });
  const { api, baseUrl } = await steps.run('api', async () => {
    const api = await launch({
      name: 'api',
      ...(start.dev ? { nodeArgs: [`--inspect=127.0.0.1:${inspectorPorts.api}`] } : {}),
      wantedPort: start.port,
      env: (apiPort) => ({ ...envAt(apiPort), PORT: String(apiPort), HOST: '127.0.0.1' }),
    });
    const url = `http://127.0.0.1:${api.port}`;
    await waitForHttp({ url: `${url}/ready`, what: 'the API' });
    return { text: url, value: { api, baseUrl: url } };
  });
  const env = envAt(Number(new URL(baseUrl).port));
  const workers = await startWorkers({ launch, steps, bundled, env, isDev: start.dev });
  await consoleBuilt;
  return { store, baseUrl, simulatorUrl, state, env, workers, apps: [api, ...workers], died: services.died };
}

/** Beside everything else; without it the rest works, so what fails here is said and no more. */
async function prepareConsole(steps: Steps): Promise<void> {
  const work = async () => ({ text: (await buildConsole()) ? 'built' : 'as it was built before', value: undefined });
  await steps.run('console', work).catch(() => undefined);
}

/** Starts an app and sees to its end. */
type Launch = (
  app: Pick<AppProcessOptions, 'name' | 'wantedPort' | 'env' | 'nodeArgs'> & {
    /** Left out: its sources, in the folder of its name. */
    readonly entry?: string;
  },
) => Promise<AppProcess>;

function launcher({ folder, steps, started }: PartsOptions): Launch {
  return async ({ entry, ...app }) => {
    // The guide's switch: what the workers log for it is for the eyes of whoever has set it.
    const showRequests = (line: string) => {
      const shown = requestLine(line);
      if (shown !== undefined) steps.say(`${app.name}: ${shown}`);
    };
    const child = await startApp({
      ...app,
      entry: entry ?? `apps/${app.name}/src/main.ts`,
      logFolder: join(folder, 'logs'),
      say: steps.say,
      ...(process.env.DEBUG === undefined ? {} : { onLogLine: showRequests }),
    });
    started.push(child);
    return child;
  };
}

function startSimulator(options: {
  readonly launch: Launch;
  readonly steps: Steps;
  readonly start: SystemOptions;
  readonly wantedPort: number;
}): Promise<AppProcess> {
  const { launch, steps, start, wantedPort } = options;
  return steps.run('simulator', async () => {
    const simulator = await launch({
      name: 'simulator',
      entry: 'apps/ehr-simulator/src/main.ts',
      wantedPort,
      env: (port) => ({
        SIMULATOR_PORT: String(port),
        SIMULATOR_PATIENTS: String(start.patients),
        // A user who presses Authorize in the console sees what a user of the practice would see.
        SIMULATOR_ASKS_USER: 'on',
        ...(start.dataDir === undefined ? {} : { SIMULATOR_DATA_DIR: start.dataDir }),
      }),
    });
    const practice = start.dataDir ?? `${start.patients} generated patients`;
    const url = `http://127.0.0.1:${simulator.port}/fhir/r4`;
    return { text: `a simulated athenahealth at ${url} with ${practice}`, value: simulator };
  });
}

function startWorkers(options: {
  readonly launch: Launch;
  readonly steps: Steps;
  readonly bundled: Promise<void>;
  readonly env: Readonly<Record<string, string>>;
  readonly isDev: boolean;
}): Promise<AppProcess[]> {
  const { launch, steps, bundled, env, isDev } = options;
  // One worker in development, so that a breakpoint stops all of the work.
  const names = isDev ? ['worker'] : ['worker 1', 'worker 2'];
  return steps.run('workers', async () => {
    await bundled;
    const value = await Promise.all(
      names.map((name, index) =>
        launch({
          name,
          entry: isDev ? 'apps/worker/src/main.ts' : workerEntry,
          wantedPort: firstMetricsPort + index,
          env: (port) => ({
            ...env,
            WORKER_POLL_INTERVAL_MS: String(pollIntervalMs),
            WORKER_HEALTH_PORT: String(port),
            ...workerMemoryEnv,
          }),
          nodeArgs: [...workerNodeArgs, ...(isDev ? [`--inspect=127.0.0.1:${inspectorPorts.worker}`] : [])],
        }),
      ),
    );
    return { text: `${names.length}, polling every ${pollIntervalMs / 1000} s here (30 s by default)`, value };
  });
}

async function openStore(options: {
  readonly uri: string;
  readonly state: KeptState;
  readonly steps: Steps;
}): Promise<Store> {
  const { uri, state, steps } = options;
  return steps.run('migration', async () => {
    const store = createStore({ uri, encryptionKey: Buffer.from(state.encryptionKey, 'base64') });
    await store.connect();
    await store.migrate();
    return { text: 'collections and indexes are there', value: store };
  });
}
