import { join } from 'node:path';
import { openDataFolder, startServices } from '@bulkhead/embedded';
import type { StartOptions } from '../start/options.ts';
import type { Steps } from '../steps/steps.ts';
import type { AppProcess, AppProcessOptions } from './app-process.ts';
import {
  apiApp,
  openStore,
  serveApp,
  simulatorApp,
  startApp,
  startParts,
  strictSimulatorEnv,
  systemEnv,
  workerApp,
} from './apps.ts';
import { buildCommandLine, buildConsole, bundleApps, root } from './builds.ts';
import { type KeptState, saveState } from './kept-state.ts';
import { memoryEnv, workerNodeArgs } from './process-options.ts';
import { requestLine } from './request-line.ts';
import { waitForHttp } from './wait-for-http.ts';

/** The options that concern the system and not the user. */
type SystemOptions = Omit<StartOptions, 'newKey' | 'folder'>;

export type RunningSystem = Awaited<ReturnType<typeof startSystem>>;

/** The guide's interval is 30 s. Exports of the simulator take seconds, so a shorter interval avoids waiting. */
const pollIntervalMs = 2000;
const defaultSimulatorPort = 8080;
/** Where docker/prometheus/targets/worker.yml looks for the workers of `npm start`. */
const firstMetricsPort = 9464;
/**
 * A process that cannot start is given up after this many quick deaths. One that is killed now and then is restarted.
 */
const maxQuickExits = 5;
/** Next to the inspector's default port, which the user's own process may use. */
const inspectorPorts = { api: 9230, worker: 9231, serve: 9232 };
/** Where docker/prometheus/targets/serve.yml looks for it. */
const servePort = 3100;

/** Starts Redis, MongoDB, a simulated athenahealth, the API, `serve` behind it, and two workers. */
export function startSystem(options: SystemStart) {
  return startParts((started) => startAll({ ...options, started }));
}

interface SystemStart {
  readonly folder: string;
  /** Called when the folder is locked: another start must not read or write its contents. */
  readonly openState: () => KeptState;
  readonly start: SystemOptions;
  readonly steps: Steps;
  /** Databases without durability that are deleted at the end, for measurements. */
  readonly ephemeral?: boolean;
}

interface StartingSystem extends SystemStart {
  /** The parts that were started so far, in this order. */
  readonly started: { stop(): Promise<void> }[];
}

async function startAll(options: StartingSystem) {
  const { folder, openState, start, steps, started, ephemeral } = options;
  const dataFolder = await openDataFolder(ephemeral ? { ephemeral } : { dataDir: folder });
  const keptState = openState();
  const toolsBuilt = start.once ? undefined : Promise.all([prepareConsole(steps), prepareCommandLine(steps)]);
  const bundled = start.dev ? undefined : bundleApps();
  // Awaited when the first app starts. An earlier failure of another part is reported first.
  bundled?.catch(() => undefined);
  const services = await startServices({ folder: dataFolder, report: steps.report });
  started.push(services);
  const { encryptionKey } = keptState;
  const store = await steps.run('migration', async () => {
    const value = await openStore({ uri: services.mongodb.url, encryptionKey, started });
    return { text: 'collections and indexes are ready', value };
  });

  await bundled;
  const launch = launcher(options);
  const simulator = await startSimulator({
    launch,
    steps,
    start,
    wantedPort: keptState.simulatorPort ?? defaultSimulatorPort,
  });
  const state = { ...keptState, simulatorPort: simulator.port };
  saveState({ folder, state });
  const envOf = (apiPort: number, serveUrl: string) =>
    systemEnv({
      redisUrl: services.redis.url,
      mongodbUrl: services.mongodb.url,
      encryptionKey,
      simulatorUrl: simulator.url,
      publicUrl: `http://127.0.0.1:${apiPort}`,
      serveUrl,
    });
  const serve = await launch({
    ...serveApp(envOf(start.port, ''), inspected(start, 'serve')),
    wantedPort: servePort,
  });
  const envAt = (apiPort: number) => envOf(apiPort, serve.url);
  const api = await steps.run('api', async () => {
    const value = await launch({
      ...apiApp(envAt, inspected(start, 'api')),
      wantedPort: start.port,
    });
    await Promise.all([
      waitForHttp({ url: `${value.url}/ready`, what: 'the API' }),
      waitForHttp({ url: `${serve.url}/ready`, what: 'serve' }),
    ]);
    return { text: value.url, value };
  });
  const env = envAt(api.port);
  const workers = await startWorkers({ launch, steps, env, isDev: start.dev });
  await toolsBuilt;
  const { exited } = services;
  return {
    store,
    baseUrl: api.url,
    simulatorUrl: simulator.url,
    state,
    workers,
    exited,
    /** The environment of the apps, for programs that run beside them. */
    env,
    /** The API, `serve` and the workers. */
    apps: [api, serve, ...workers],
    /** @throws Error if the database server is not a child of this process */
    databasePid(): number {
      const pid = services.mongodb.pid?.();
      if (pid === undefined)
        throw new Error(`the database server is not a child of this process: ${services.mongodb.chosen}`);
      return pid;
    },
  };
}

function inspected({ dev }: Pick<SystemOptions, 'dev'>, app: keyof typeof inspectorPorts): readonly string[] {
  return dev ? [`--inspect=127.0.0.1:${inspectorPorts[app]}`] : [];
}

/** Builds the console while the rest starts. The rest works without it, so a failure is only reported. */
async function prepareConsole(steps: Steps): Promise<void> {
  const work = async () => ({ text: (await buildConsole()) ? 'built' : 'up to date', value: undefined });
  await steps.run('console', work).catch(() => undefined);
}

/** Builds what `./bulkhead` runs. A failure is only reported, as that of the console. */
async function prepareCommandLine(steps: Steps): Promise<void> {
  const work = async () => ({ text: './bulkhead help', value: await buildCommandLine('build') });
  await steps.run('command line', work).catch(() => undefined);
}

/** Starts an app and stops it with the system. */
type Launch = (app: Pick<AppProcessOptions, 'name' | 'app' | 'env' | 'wantedPort' | 'nodeArgs'>) => Promise<AppProcess>;

function launcher({ folder, start, steps, started }: StartingSystem): Launch {
  return async (app) => {
    // The guide's DEBUG switch: only a user who has set it sees the requests that the workers log.
    const showRequests = (line: string) => {
      const text = requestLine(line);
      if (text !== undefined) steps.print(`${app.name}: ${text}`);
    };
    const child = await startApp({
      ...app,
      sources: start.dev ? root : undefined,
      inheritedEnv: process.env,
      logFolder: join(folder, 'logs'),
      print: steps.print,
      maxQuickExits,
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
      ...simulatorApp({
        SIMULATOR_PATIENTS: String(start.patients),
        ...strictSimulatorEnv,
        // A user who presses Authorize in the console sees what a user of the practice would see.
        SIMULATOR_ASKS_USER: 'on',
        ...(start.dataDir === undefined ? {} : { SIMULATOR_DATA_DIR: start.dataDir }),
      }),
      wantedPort,
    });
    const practice = start.dataDir ?? `${start.patients} generated patients`;
    return { text: `a simulated athenahealth at ${simulator.url}/fhir/r4 with ${practice}`, value: simulator };
  });
}

function startWorkers(options: {
  readonly launch: Launch;
  readonly steps: Steps;
  readonly env: Readonly<Record<string, string>>;
  readonly isDev: boolean;
}): Promise<AppProcess[]> {
  const { launch, steps, env, isDev } = options;
  // One worker in development, so that a breakpoint stops all of the work.
  const names = isDev ? ['worker'] : ['worker 1', 'worker 2'];
  return steps.run('workers', async () => {
    const value = await Promise.all(
      names.map((name, index) =>
        launch({
          ...workerApp({
            name,
            env: {
              ...env,
              WORKER_POLL_INTERVAL_MS: String(pollIntervalMs),
              // A developer's first webhook calls a receiver on the same machine.
              WORKER_WEBHOOK_PRIVATE_NETWORK: 'true',
              ...memoryEnv,
              // The code of the bundle that node reads from its cache stays in memory: 4 MB.
              ...(isDev ? {} : { NODE_DISABLE_COMPILE_CACHE: '1' }),
            },
          }),
          wantedPort: firstMetricsPort + index,
          nodeArgs: [...workerNodeArgs, ...inspected({ dev: isDev }, 'worker')],
        }),
      ),
    );
    return { text: `${names.length}, polling every ${pollIntervalMs / 1000} s here (30 s by default)`, value };
  });
}
