import { join } from 'node:path';
import { type Services, startServices } from '@bulkhead/embedded';
import { createStore, type Store } from '@bulkhead/store';
import { type AppProcess, startApp } from './app-process.ts';
import { buildConsole } from './build-console.ts';
import { bundleWorker, workerEntry } from './bundle-worker.ts';
import { freePort } from './free-port.ts';
import { type KeptState, saveState } from './kept-state.ts';
import type { StartOptions } from './options.ts';
import type { Steps } from './steps.ts';
import { waitForHttp } from './wait-for-http.ts';
import { workerMemoryEnv, workerNodeArgs } from './worker-process.ts';

/** Without what is about users. */
type SystemOptions = Omit<StartOptions, 'newKey'>;

export interface RunningSystem {
  readonly store: Store;
  readonly baseUrl: string;
  readonly simulatorUrl: string;
  readonly state: KeptState;
  /** What the apps were started with, for programs that are to work beside them. */
  readonly env: Readonly<Record<string, string>>;
  readonly workers: readonly AppProcess[];
  readonly died: Services['died'];
  stop(): Promise<void>;
}

/** The guide's interval is 30 s; against the simulator, whose exports take seconds, that would only be waiting. */
const pollIntervalMs = 2000;
const defaultSimulatorPort = 8080;
/** Where docker/prometheus/targets/worker.yml looks for the workers of `npm start`. */
const firstMetricsPort = 9464;

/** Redis, MongoDB, a simulated athenahealth, the API and two workers. What was started is stopped if a later step fails. */
export async function startSystem(options: {
  readonly folder: string;
  readonly state: KeptState;
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
  readonly state: KeptState;
  readonly start: SystemOptions;
  readonly steps: Steps;
  readonly ephemeral?: boolean;
  /** What was started so far, in its order. */
  readonly started: { stop(): Promise<void> }[];
}

async function startParts(options: PartsOptions): Promise<Omit<RunningSystem, 'stop'>> {
  const { folder, start, steps, started, ephemeral } = options;
  const consoleBuilt = start.once ? undefined : prepareConsole(steps);
  const bundled = bundleWorker();
  // Awaited where workers start; what fails before that is told first.
  bundled.catch(() => undefined);
  const services = await startServices({
    ...(ephemeral ? { ephemeral } : { dataDir: folder }),
    report: steps.report,
  });
  started.push(services);
  const store = await openStore({ ...options, uri: services.mongodb.url });
  started.push({ stop: () => store.close() });

  const simulatorPort = await freePort({ wanted: options.state.simulatorPort ?? defaultSimulatorPort });
  const apiPort = await freePort({ wanted: start.port });
  for (const { note } of [simulatorPort, apiPort]) if (note) steps.say(`ℹ ${note}`);
  const state = { ...options.state, simulatorPort: simulatorPort.port };
  saveState({ folder, state });
  const simulatorUrl = `http://127.0.0.1:${simulatorPort.port}`;
  const baseUrl = `http://127.0.0.1:${apiPort.port}`;
  const env = {
    REDIS_URL: services.redis.url,
    MONGODB_URI: services.mongodb.url,
    BULKHEAD_ENCRYPTION_KEY: state.encryptionKey,
    ATHENAHEALTH_FHIR_ENDPOINT: `${simulatorUrl}/fhir/r4`,
    ATHENAHEALTH_CLIENT_ID: 'simulator-client',
    ATHENAHEALTH_CLIENT_SECRET: 'simulator-secret',
    ATHENAHEALTH_REDIRECT_URI: `${baseUrl}/api/ehr/callback`,
  };
  const launch = launcher({ ...options, env });
  await startSimulator({ launch, steps, start, port: simulatorPort.port, url: simulatorUrl });
  await steps.run('api', async () => {
    await launch({ name: 'api', env: { PORT: String(apiPort.port), HOST: '127.0.0.1' } });
    await waitForHttp({ url: `${baseUrl}/ready`, what: 'the API' });
    return { text: baseUrl, value: undefined };
  });
  const workers = await startWorkers({ launch, steps, bundled });
  await consoleBuilt;
  return { store, baseUrl, simulatorUrl, state, env, workers, died: services.died };
}

/** Beside everything else; without it the rest works, so what fails here is said and no more. */
async function prepareConsole(steps: Steps): Promise<void> {
  const work = async () => ({ text: (await buildConsole()) ? 'built' : 'as it was built before', value: undefined });
  await steps.run('console', work).catch(() => undefined);
}

/** Starts an app and sees to its end. */
type Launch = (app: {
  readonly name: string;
  /** Left out: its sources, in the folder of its name. */
  readonly entry?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly nodeArgs?: readonly string[];
}) => Promise<AppProcess>;

function launcher({
  folder: state,
  steps,
  started,
  env: shared,
}: PartsOptions & { readonly env: Readonly<Record<string, string>> }): Launch {
  return async ({ name, entry = `apps/${name}/src/main.ts`, env, nodeArgs = [] }) => {
    const process = await startApp({
      name,
      entry,
      env: { ...shared, ...env },
      nodeArgs,
      logFolder: join(state, 'logs'),
      say: steps.say,
    });
    started.push(process);
    return process;
  };
}

async function startSimulator(options: {
  readonly launch: Launch;
  readonly steps: Steps;
  readonly start: SystemOptions;
  readonly port: number;
  readonly url: string;
}): Promise<void> {
  const { launch, steps, start, port, url } = options;
  await steps.run('simulator', async () => {
    const env = {
      SIMULATOR_PORT: String(port),
      SIMULATOR_PATIENTS: String(start.patients),
      // Who presses Authorize in the console sees what a user of the practice would.
      SIMULATOR_ASKS_USER: 'on',
      ...(start.dataDir === undefined ? {} : { SIMULATOR_DATA_DIR: start.dataDir }),
    };
    await launch({ name: 'simulator', entry: 'apps/ehr-simulator/src/main.ts', env });
    await waitForHttp({ url: `${url}/_sim/stats`, what: 'the simulated athenahealth' });
    const practice = start.dataDir ?? `${start.patients} generated patients`;
    return { text: `a simulated athenahealth at ${url}/fhir/r4 with ${practice}`, value: undefined };
  });
}

function startWorkers(options: {
  readonly launch: Launch;
  readonly steps: Steps;
  readonly bundled: Promise<void>;
}): Promise<AppProcess[]> {
  const { launch, steps, bundled } = options;
  return steps.run('workers', async () => {
    await bundled;
    const value: AppProcess[] = [];
    let nextPort = firstMetricsPort;
    for (const name of ['worker 1', 'worker 2']) {
      const { port } = await freePort({ wanted: nextPort });
      nextPort = port + 1;
      const env = {
        WORKER_POLL_INTERVAL_MS: String(pollIntervalMs),
        WORKER_HEALTH_PORT: String(port),
        ...workerMemoryEnv,
      };
      value.push(await launch({ name, entry: workerEntry, env, nodeArgs: workerNodeArgs }));
    }
    return { text: `2, polling every ${pollIntervalMs / 1000} s here (30 s by default)`, value };
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
