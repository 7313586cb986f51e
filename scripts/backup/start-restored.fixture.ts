import { join } from 'node:path';
import { apiApp, serveApp, startApp, startParts, workerApp } from '../system/apps.ts';
import { waitForHttp } from '../system/wait-for-http.ts';

export type RestoredSystem = Awaited<ReturnType<typeof startRestored>>;

/** Starts an API and a worker on restored servers. */
export function startRestored(folder: string, env: Readonly<Record<string, string>>) {
  const logFolder = join(folder, 'logs');
  const wantedPort = 4000 + (process.pid % 1000) * 20 + 10;
  const workerEnv = {
    ...env,
    WORKER_POLL_INTERVAL_MS: '250',
    WORKER_SWEEP_INTERVAL_MS: '1000',
    WORKER_WEBHOOK_PRIVATE_NETWORK: 'true',
  };
  return startParts(async (started) => {
    const serve = await startApp({ ...serveApp(env), wantedPort: wantedPort + 2, logFolder });
    started.push(serve);
    const api = await startApp({ ...apiApp(() => ({ ...env, SERVE_URL: serve.url })), wantedPort, logFolder });
    started.push(api);
    const worker = workerApp({ name: 'worker', env: workerEnv });
    started.push(await startApp({ ...worker, wantedPort: wantedPort + 1, logFolder }));
    for (const { url, name } of [api, serve]) await waitForHttp({ url: `${url}/ready`, what: `the restored ${name}` });
    return { baseUrl: api.url };
  });
}
