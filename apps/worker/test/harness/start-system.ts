import { type ApiAnswer, startApi } from '@bulkhead/api/testing';
import { createLogger, createMetrics, type Logger, type Tracing } from '@bulkhead/base';
import { fastRateLimit } from '@bulkhead/connections/testing';
import { simulatorAuth } from '@bulkhead/ehr/providers/testing';
import { createEhrSimulator, type EhrSimulatorOptions } from '@bulkhead/ehr-simulator';
import { createSimulatorControl, type TestServices, testServices, waitFor } from '@bulkhead/testing';
import { Redis } from 'ioredis';
import { buildApp as buildWorker } from '../../src/app.ts';
import { readWorkerConfig } from '../../src/env.ts';
import { fastProvider } from './fast-provider.ts';

/** `await using` stops it at the end of a test, so that tests can run at once. */
export type System = Awaited<ReturnType<typeof startSystem>>;

/**
 * Starts a simulated EHR, an API and a connection, with their own database and key prefix. Unless `athenahealthRate` is set,
 * the rate limit is ten times that of athenahealth and requests do not wait after the start.
 */
export async function startSystem(
  options: {
    readonly simulator?: EhrSimulatorOptions;
    readonly env?: Record<string, string>;
    /** Also starts a worker. Otherwise the test starts its workers. */
    readonly hasWorker?: boolean;
    readonly athenahealthRate?: boolean;
    /** The time that the API waits for a kick-off, for tests in which no worker answers. */
    readonly kickOffWaitMs?: number;
    /** Default: silent, or the level in TEST_LOG_LEVEL. */
    readonly logger?: Logger;
    readonly tracing?: { readonly api: Tracing; readonly worker: Tracing };
    /** The servers, for a test that puts proxies in front of them (`env`). */
    readonly services?: TestServices | undefined;
  } = {},
) {
  const simulator = createEhrSimulator({
    exportSeconds: 0.2,
    retryAfterSeconds: 0,
    patients: 10,
    ...(options.athenahealthRate ? {} : { rateWindowRequests: fastRateLimit.limit }),
    ...options.simulator,
  });
  // Stops what was started if a later part fails to start.
  await using started = new AsyncDisposableStack();
  await simulator.start();
  started.defer(() => simulator.stop());
  // A test that has a file of providers sets its own limits.
  const isFast = !options.athenahealthRate && options.env?.BULKHEAD_PROVIDERS_FILE === undefined;
  const givenEnv = {
    ATHENAHEALTH_FHIR_ENDPOINT: simulator.fhirEndpoint,
    WORKER_POLL_INTERVAL_MS: '250',
    WORKER_SWEEP_INTERVAL_MS: '1000',
    ...(isFast ? fastProvider(simulator.fhirEndpoint, options.env) : {}),
    ...options.env,
  };
  const level = (process.env.TEST_LOG_LEVEL as 'debug' | undefined) ?? 'silent';
  const { logger = createLogger({ name: 'test', level }) } = options;
  const api = await startApi({
    env: givenEnv,
    services: options.services ?? testServices(),
    logger,
    tracing: options.tracing?.api,
    kickOffWaitMs: options.kickOffWaitMs,
    // Workers answer, so the API waits as usual and not for 0 ms, as it does without them.
    testWaitMs: undefined,
  });
  started.defer(() => api.stop());
  const { env, store, baseUrl, operatorKey } = api;
  const workers: { stop(): Promise<void> }[] = [];
  started.defer(async () => {
    for (const worker of workers) await worker.stop();
  });

  const request = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    api.request(method, path, { body, headers });
  const connect = async (change: object = {}): Promise<string> => {
    const body = { provider: 'athenahealth', practiceId: '195900', auth: simulatorAuth, force: true, ...change };
    const answer = await request('POST', '/api/ehr/connections', body);
    if (answer.status !== 201) throw new Error(`no connection: ${JSON.stringify(answer.body)}`);
    return answer.body.data.id;
  };
  /** Waits until a record of the API has reached a state. @returns the record */
  const until = (path: string, isReached: (record: ApiAnswer['body']) => unknown): Promise<ApiAnswer['body']> =>
    waitFor(
      async () => {
        const { data } = (await request('GET', path)).body;
        return isReached(data) ? data : undefined;
      },
      { timeoutMs: 90_000, what: path },
    );
  const connectionId = await connect();
  const control = createSimulatorControl(simulator);
  const startWorker = async (changedEnv: Record<string, string> = {}) => {
    const metrics = createMetrics();
    const config = await readWorkerConfig({ ...env, ...changedEnv });
    const worker = buildWorker({ config, logger, metrics, tracing: options.tracing?.worker });
    workers.push(worker);
    await worker.start();
    return {
      /** The metrics page for Prometheus. */
      readMetrics: () => metrics.page(),
      stop: () => worker.stop(),
    };
  };
  if (options.hasWorker) await startWorker();
  const running = started.move();
  const stop = () => running.disposeAsync();
  return {
    simulator,
    control,
    store,
    /** The environment for processes that a test starts itself. */
    env,
    connectionId,
    /** Creates another connection to the simulator. @returns its id */
    connect,
    /** The base URL of the API. */
    baseUrl,
    apiKey: operatorKey,
    request,
    /** Sends a GET whose response is not JSON. */
    async download(path: string, accept = '*/*'): Promise<{ readonly text: string; readonly headers: Headers }> {
      const headers = { authorization: `Bearer ${operatorKey}`, accept };
      const response = await fetch(baseUrl + path, { headers });
      if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
      return { text: await response.text(), headers: response.headers };
    },
    /** Starts an export. @returns its id */
    async startExport(body: object = {}): Promise<string> {
      const fields = { connectionId, exportType: 'Patient', ...body };
      const answer = await request('POST', '/api/ehr/athenahealth/bulk-export', fields);
      if (answer.status !== 202) throw new Error(`no export: ${JSON.stringify(answer.body)}`);
      return answer.body.data.id;
    },
    /** Injects a fault into the simulator (see its README). */
    inject: control.inject,
    /** Deletes the keys of this system as a FLUSHALL would. Other tests use the same server. */
    async loseRedis() {
      const redis = new Redis(env.REDIS_URL);
      await redis.del(...(await redis.keys(`${env.BULKHEAD_PREFIX}*`)));
      redis.disconnect();
    },
    startWorker,
    /** The metrics page of the API for Prometheus. */
    async readMetrics() {
      const headers = { authorization: `Bearer ${operatorKey}` };
      return (await fetch(`${baseUrl}/metrics`, { headers })).text();
    },
    until,
    /** Waits until an export is no longer in progress. */
    settled: (id: string) => until(`/api/ehr/athenahealth/bulk-export/${id}`, ({ status }) => status !== 'IN_PROGRESS'),
    violations: control.violations,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
