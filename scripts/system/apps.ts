// Starts the apps of a system as processes, for `npm start`, chaos runs, interoperability runs, benchmarks and tests.
import { createStore, type Store } from '@bulkhead/system';
import { AppProcess, type AppProcessOptions } from './app-process.ts';
import { apiNodeArgs, memoryEnv } from './process-options.ts';

type App = Pick<AppProcessOptions, 'name' | 'app' | 'env'>;
type ApiProcess = App & { readonly nodeArgs: readonly string[] };
type Env = Readonly<Record<string, string>>;

export function simulatorApp(env: Env): App {
  return { name: 'simulator', app: 'ehr-simulator', env: (port) => ({ SIMULATOR_PORT: String(port), ...env }) };
}

/** As strict as the real athenahealth, where the guide has no example that does otherwise: its scopes are those of users. */
export const strictSimulatorEnv = {
  SIMULATOR_SCOPE_VERSION: 'v2',
  SIMULATOR_WILDCARD_SCOPES: 'off',
  SIMULATOR_MAX_ACTIVE_EXPORTS: '5',
} as const;

/** What the API passes requests for stored data on to, as a program beside it. */
export function serveApp(env: Env, moreArgs: readonly string[] = []): ApiProcess {
  return {
    name: 'serve',
    app: 'serve',
    env: (port) => ({ ...memoryEnv, ...env, SERVE_PORT: String(port) }),
    nodeArgs: [...apiNodeArgs, ...moreArgs],
  };
}

/** @param moreArgs options of Node.js, beside those of every API process */
export function apiApp(env: (port: number) => Env, moreArgs: readonly string[] = []): ApiProcess {
  return {
    name: 'api',
    app: 'api',
    env: (port) => ({ ...memoryEnv, ...env(port), PORT: String(port), HOST: '127.0.0.1' }),
    nodeArgs: [...apiNodeArgs, ...moreArgs],
  };
}

export function workerApp({ name, env }: { readonly name: string; readonly env: Env }): App {
  return { name, app: 'worker', env: (port) => ({ ...env, WORKER_HEALTH_PORT: String(port) }) };
}

/** The environment of the API, `serve` and the workers: their servers, and the simulator in the role of athenahealth. */
export function systemEnv(options: {
  readonly redisUrl: string;
  readonly mongodbUrl: string;
  /** Base64. */
  readonly encryptionKey: string;
  readonly simulatorUrl: string;
  /** The address of the API as a browser calls it. */
  readonly publicUrl: string;
  readonly serveUrl: string;
}): Env {
  return {
    REDIS_URL: options.redisUrl,
    MONGODB_URI: options.mongodbUrl,
    BULKHEAD_ENCRYPTION_KEY: options.encryptionKey,
    ATHENAHEALTH_FHIR_ENDPOINT: `${options.simulatorUrl}/fhir/r4`,
    ATHENAHEALTH_CLIENT_ID: 'simulator-client',
    ATHENAHEALTH_CLIENT_SECRET: 'simulator-secret',
    ATHENAHEALTH_REDIRECT_URI: `${options.publicUrl}/api/ehr/callback`,
    SERVE_URL: options.serveUrl,
  };
}

export async function startApp(options: AppProcessOptions): Promise<AppProcess> {
  const app = new AppProcess(options);
  await app.start();
  return app;
}

export interface Stoppable {
  stop(): Promise<void>;
}

/**
 * Starts the parts of a system, its servers first. If one of them fails, the parts that were started are stopped.
 *
 * @param start adds each part that it has started to `started`
 */
export async function startParts<Parts>(
  start: (started: Stoppable[]) => Promise<Parts>,
): Promise<Parts & { stop(): Promise<void> }> {
  const started: Stoppable[] = [];
  // The apps stop at the same time, because each may take seconds. The servers stop last, because the apps need them
  // until then.
  const stop = async () => {
    const [servers, ...apps] = started.splice(0);
    await Promise.all(apps.map((app) => app.stop()));
    await servers?.stop();
  };
  try {
    return { ...(await start(started)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Waits for all, also if one fails: `startParts` can only stop a part that has started. @throws the first failure */
export async function allStarted<Parts extends readonly unknown[]>(
  starting: Parts,
): Promise<{ -readonly [Index in keyof Parts]: Awaited<Parts[Index]> }> {
  await Promise.allSettled(starting);
  return Promise.all(starting) as Promise<{ -readonly [Index in keyof Parts]: Awaited<Parts[Index]> }>;
}

/** Opens a store and creates its collections and indexes. */
export async function openStore({
  uri,
  encryptionKey,
  started,
}: {
  readonly uri: string;
  /** Base64. */
  readonly encryptionKey: string;
  readonly started: Stoppable[];
}): Promise<Store> {
  const store = createStore({ uri, encryptionKey: Buffer.from(encryptionKey, 'base64') });
  started.push({ stop: () => store.close() });
  await store.connect();
  await store.migrate();
  return store;
}
