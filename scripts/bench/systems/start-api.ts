import { join } from 'node:path';
import { createStore } from '@bulkhead/system';
import { apiApp, serveApp, startApp } from '../../system/apps.ts';
import { waitForHttp } from '../../system/wait-for-http.ts';
import type { BenchContext } from '../bench.ts';

/** The key with which the probes of `apps/worker/bench` encrypt. The data are deleted afterwards. */
const encryptionKey = Buffer.alloc(32, 'bench');
/** The id of the probes' connection. */
const connectionId = 'conn_01a20ebbc93978f091b11de7704350e0';

/**
 * Starts the API as a separate process, on a database that a probe has prepared, with a key and no limit of requests.
 */
export async function startApi(options: {
  readonly context: BenchContext;
  readonly database: string;
  readonly origin: string;
  /** Options of Node.js. Default: none. */
  readonly nodeArgs?: readonly string[];
}) {
  const { context, database, origin, nodeArgs = [] } = options;
  const { redisUrl, mongodbUrl, folder } = context;
  const uri = new URL(mongodbUrl);
  uri.pathname = `/${database}`;
  const store = createStore({ uri: uri.href, encryptionKey });
  await store.connect();
  await store.migrate();
  const key = await store.apiKeys.create({ name: 'bench', role: 'operator', now: new Date() });
  await store.close();
  const env = {
    REDIS_URL: redisUrl,
    MONGODB_URI: uri.href,
    BULKHEAD_PREFIX: `{${database}}`,
    BULKHEAD_ENCRYPTION_KEY: encryptionKey.toString('base64'),
    ATHENAHEALTH_FHIR_ENDPOINT: `${origin}/fhir/r4`,
    API_REQUESTS_PER_MINUTE: '100000000',
    LOG_LEVEL: 'error',
  };
  const started = { nodeArgs, inheritedEnv: process.env, logFolder: join(folder, 'logs') };
  const serve = await startApp({ ...serveApp(env), ...started, wantedPort: 8281 });
  const app = await startApp({
    ...apiApp(() => ({ ...env, SERVE_URL: serve.url })),
    ...started,
    wantedPort: 8280,
  });
  const baseUrl = app.url;
  for (const { url, name } of [app, serve]) await waitForHttp({ url: `${url}/ready`, what: name });
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const stop = async () => {
    await app.stop();
    await serve.stop();
  };
  return { baseUrl, headers, connectionId, pid: app.pid, serve, [Symbol.asyncDispose]: stop };
}
