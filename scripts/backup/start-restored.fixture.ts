import { join } from 'node:path';
import { AppChild } from '../chaos/system/app-child.ts';
import { workerEntry } from '../start/bundle-worker.ts';
import { waitForHttp } from '../start/wait-for-http.ts';

export interface RestoredSystem {
  readonly baseUrl: string;
  stop(): Promise<void>;
}

/** An API and a worker on servers that were restored. */
export async function startRestored(options: {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}): Promise<RestoredSystem> {
  const { folder, env } = options;
  const logFolder = join(folder, 'logs');
  const wantedPort = 4000 + (process.pid % 1000) * 20 + 10;
  const api = new AppChild({
    name: 'api',
    entry: 'apps/api/src/main.ts',
    wantedPort,
    env: (port) => ({ ...env, PORT: String(port), HOST: '127.0.0.1' }),
    logFolder,
  });
  const worker = new AppChild({
    name: 'worker',
    entry: workerEntry,
    wantedPort: wantedPort + 1,
    env: (port) => ({
      ...env,
      WORKER_POLL_INTERVAL_MS: '250',
      WORKER_SWEEP_INTERVAL_MS: '1000',
      WORKER_WEBHOOK_PRIVATE_NETWORK: 'true',
      WORKER_HEALTH_PORT: String(port),
    }),
    logFolder,
  });
  const stop = async () => {
    await Promise.all([api.stop(), worker.stop()]);
  };
  try {
    await Promise.all([api.start(), worker.start()]);
    await waitForHttp({ url: `${api.url}/ready`, what: 'the restored API' });
    return { baseUrl: api.url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
