import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createStore } from '@bulkhead/system';
import { baseEnv, testServices } from '@bulkhead/testing';
import { AppProcess, type AppProcessOptions } from './app-process.ts';
import { apiApp, simulatorApp, systemEnv, workerApp } from './apps.ts';
import { programArgs } from './builds.ts';
import { waitForHttp } from './wait-for-http.ts';

type Env = Readonly<Record<string, string>>;

export type TestApps = Awaited<ReturnType<typeof startTestApps>>;

let firstPort = 24_000 + (process.pid % 1000) * 8;

/** Starts a simulated athenahealth, for tests that start API and worker processes themselves, on the servers of the test run. */
export async function startTestApps(options: {
  /** The environment of the API and the workers, in addition to the addresses of the servers. */
  readonly env?: Env;
  readonly simulator: Env;
}) {
  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-apps-'));
  const { redisUrl, mongodbUri, prefix } = testServices();
  const encryptionKey = randomBytes(32);
  const processes: AppProcess[] = [];
  const shared = { logFolder: join(folder, 'logs'), keepsLogs: true, maxQuickExits: 0 };
  const start = async (app: Parameters<typeof createProcess>[0]) => {
    const child = createProcess(app);
    processes.push(child);
    await child.start();
    return child;
  };
  const createProcess = (app: Pick<AppProcessOptions, 'name' | 'app' | 'sources' | 'env'>) =>
    new AppProcess({ ...shared, ...app, wantedPort: firstPort++ });
  const simulator = await start(simulatorApp(options.simulator));
  await waitForHttp({ url: `${simulator.url}/health`, what: 'the simulated athenahealth' });
  const env = {
    ...systemEnv({
      ...{ redisUrl, mongodbUrl: mongodbUri, encryptionKey: encryptionKey.toString('base64') },
      ...{ simulatorUrl: simulator.url, publicUrl: 'http://localhost:3000' },
    }),
    BULKHEAD_PREFIX: prefix,
    ...options.env,
  };
  const store = createStore({ uri: mongodbUri, encryptionKey });
  await store.connect();
  return {
    ...{ folder, simulatorUrl: simulator.url, store, processes },
    /** The environment of the API and the workers, for processes that a test runs itself. */
    env: env as Env,
    /** @param sources the folder of the version to start from its sources. Default: the bundles of this version */
    async startApi(name: string, sources?: string) {
      const api = await start({ ...apiApp(() => env), name, sources });
      await waitForHttp({ url: `${api.url}/ready`, what: name });
      return api;
    },
    startWorker: (name: string, sources?: string) => start({ ...workerApp({ name, env }), sources }),
    async migrate(sources?: string) {
      const args = programArgs({ app: 'api', program: 'migrate', sources });
      await promisify(execFile)(process.execPath, args, { env: { ...baseEnv(), ...env } });
    },
    async stop() {
      await Promise.all(processes.map((child) => child.stop()));
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
