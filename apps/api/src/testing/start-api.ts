import { randomBytes } from 'node:crypto';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, createLogger } from '@bulkhead/base';
import { buildServe, readServeConfig } from '@bulkhead/serve';
import { createStore } from '@bulkhead/system';
import { type TestServices, testServices } from '@bulkhead/testing';
import { buildApp } from '../app.ts';
import { readApiConfig } from '../env.ts';
import { answerFault, fromOutcome } from './answer-fault.ts';
import { readAnswer } from './read-answer.ts';

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests may read any field of the body and compare it.
  readonly body: any;
  /** The status and the code of the error. */
  readonly refusal: readonly [status: number, code: string | undefined];
  /** The fields that the details of the error name, each with a message. */
  readonly faults: readonly string[];
}

export interface RequestOptions {
  /** A string is sent unchanged, any other value as JSON. */
  readonly body?: unknown;
  /** Default: the operator's key as a bearer token. Null: no header. */
  readonly authorization?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly accept?: string;
}

/** The address of athenahealth in these tests. The API stores it and never sends requests to it. */
export const fhirEndpoint = 'http://ehr.example:8080/fhir/r4';
export const clientSecret = 'planted-client-secret-8d1f';

/** `await using` stops it at the end of a test. */
export type TestApi = Awaited<ReturnType<typeof startApi>>;

/**
 * Starts an API and `serve` behind it, without workers, with its own database and key prefix, and an API key for each role. Unless the options say otherwise, no
 * request waits for a worker, and the API stops at once.
 */
export async function startApi({
  env = {},
  providers,
  services = testServices(),
  logger = createLogger({ name: 'api', level: (process.env.TEST_LOG_LEVEL as 'debug' | undefined) ?? 'silent' }),
  ...options
}: {
  readonly env?: Record<string, string>;
  /** The content of the providers file. Default: no file. */
  readonly providers?: unknown;
  readonly services?: TestServices;
} & Partial<Parameters<typeof buildApp>[0]> = {}) {
  const { redisUrl, mongodbUri, prefix } = services;
  const folder = await mkdtempDisposable(join(tmpdir(), 'bulkhead-api-'));
  const providersFile = join(folder.path, 'providers.json');
  const writeProviders = (content: unknown) => writeFile(providersFile, JSON.stringify(content));
  if (providers !== undefined) await writeProviders(providers);
  const apiEnv = {
    REDIS_URL: redisUrl,
    MONGODB_URI: mongodbUri,
    BULKHEAD_PREFIX: prefix,
    BULKHEAD_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    ATHENAHEALTH_FHIR_ENDPOINT: fhirEndpoint,
    PORT: '0',
    HOST: '127.0.0.1',
    ...(providers === undefined ? {} : { BULKHEAD_PROVIDERS_FILE: providersFile }),
    ...env,
  };
  const serve = buildServe({
    config: await readServeConfig({ ...apiEnv, SERVE_PORT: '0' }),
    logger,
    drainMs: 0,
    serverLimits: options.serverLimits,
  });
  // The store of the test connects directly, even if a test has put a proxy in front of MongoDB for the API.
  const encryptionKey = Buffer.from(apiEnv.BULKHEAD_ENCRYPTION_KEY, 'base64');
  const store = createStore({ uri: mongodbUri, encryptionKey });
  await store.connect();
  await store.migrate();
  const [operatorKey, clientKey] = await Promise.all(
    (['operator', 'client'] as const).map((role) => store.apiKeys.create({ name: role, role, now: new Date() })),
  );
  const stopAll = async (apps: readonly App[]) => {
    for (const app of apps) await app.stop();
    await store.close();
    await folder.remove();
  };
  const started: App[] = [];
  const start = async <Started extends App>(app: Started): Promise<Started> => {
    started.unshift(app);
    await app.start();
    return app;
  };
  const startBoth = async () => {
    const { port } = await start(serve);
    const config = await readApiConfig({ SERVE_URL: `http://127.0.0.1:${port}`, ...apiEnv });
    return start(buildApp({ config, logger, kickOffWaitMs: 0, testWaitMs: 0, drainMs: 0, ...options }));
  };
  const app = await startBoth().catch(async (error: unknown) => {
    await stopAll(started);
    throw error;
  });
  const baseUrl = `http://127.0.0.1:${app.port}`;
  const answers: string[] = [];

  const request = async (method: string, path: string, options: RequestOptions = {}): Promise<ApiAnswer> => {
    const { body, authorization = `Bearer ${operatorKey}`, headers = {}, accept } = options;
    const response = await fetch(baseUrl + path, {
      method,
      redirect: 'manual',
      headers: {
        'content-type': 'application/json',
        ...(authorization === null ? {} : { authorization }),
        ...headers,
        ...(accept === undefined ? {} : { accept }),
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await readAnswer(response);
    const { status } = response;
    const answer = parse(text);
    const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '');
    const answered = { method, path, status, body: isJson ? answer : undefined };
    const fault = answerFault(answered);
    if (fault) throw new Error(`${fault}\n${text}`);
    answers.push(`${JSON.stringify([...response.headers])}\n${text}`);
    const { code, details } = answer?.error ?? (fromOutcome(answer).error as { code?: string; details?: undefined });
    const faults = Array.isArray(details)
      ? details.filter(({ message }) => message).map(({ path: field }) => field)
      : [];
    return { status, headers: response.headers, text, body: answer, refusal: [status, code], faults };
  };
  const stop = () => stopAll(started);
  /** Throws if any response until now contained a secret. */
  const expectNoSecretInAnswers = () => {
    const secrets = [clientSecret, apiEnv.BULKHEAD_ENCRYPTION_KEY, operatorKey ?? '', clientKey ?? '', mongodbUri];
    const leaked = secrets.filter((secret) => answers.some((answer) => answer.includes(secret)));
    if (answers.length === 0 || leaked.length > 0) throw new Error(`${leaked.length} secrets in answers`);
  };
  return {
    baseUrl,
    env: apiEnv,
    store,
    /** Replaces the content of the providers file. */
    writeProviders,
    operatorKey: operatorKey ?? '',
    clientKey: clientKey ?? '',
    request,
    /** Where `startConsumer` runs jobs in place of the workers. */
    jobsAt: { redis: apiEnv.REDIS_URL, prefix: apiEnv.BULKHEAD_PREFIX, deps: {} },
    /** Creates a connection to athenahealth with the planted secret. */
    async createConnection(): Promise<string> {
      const auth = { method: 'client_credentials', clientId: 'client-1', clientSecret };
      const answer = await request('POST', '/api/ehr/connections', {
        body: { provider: 'athenahealth', practiceId: '195900', force: true, auth },
      });
      if (answer.status !== 201) throw new Error(answer.text);
      return answer.body.data.id;
    },
    expectNoSecretInAnswers,
    stop,
    [Symbol.asyncDispose]: stop,
    /** Stops the API, and throws if any response contained a secret. */
    async stopAndCheckAnswers() {
      await stop();
      expectNoSecretInAnswers();
    },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: see `body` of ApiAnswer.
function parse(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    // Pages of Bull Board, and the empty body of a 204, are not JSON.
    return undefined;
  }
}
