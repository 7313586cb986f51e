import { join } from 'node:path';
import { type App, exposedConnections } from '@bulkhead/base';
import { createEgressGuard, proxyOf, readJson, urlFault } from '@bulkhead/base/egress';
import { buildHttpProgram, type HttpFoundation, type HttpProgramOptions, type HttpProgramParts } from '@bulkhead/http';
import { checkRedis, Producer } from '@bulkhead/queues';
import { createServices } from '@bulkhead/system';
import { Router } from 'express';
import manifest from '../package.json' with { type: 'json' };
import { bullBoardPath, bullBoardRoute } from './browser/bull-board.ts';
import { consoleRoutes } from './browser/console.ts';
import { docsRoutes } from './browser/docs.ts';
import { loginRoutes } from './browser/login.ts';
import { auditActions, endpoints } from './endpoints/endpoints.ts';
import { type ApiConfig, identityProviderOf } from './env.ts';
import { passOnServed } from './pass-on-served.ts';
import { watchSystem } from './watch-system.ts';

/** Of Bulkhead: a release sets it in every package. */
const { version } = manifest;

interface ApiOptions extends HttpProgramOptions<ApiConfig> {
  /** How long a request that starts an export waits for its kick-off. */
  readonly kickOffWaitMs?: number | undefined;
  /** How long a request for a connection test waits for its result. */
  readonly testWaitMs?: number | undefined;
}

/** Builds an API process from its configuration. */
export function buildApp(options: ApiOptions): App & { readonly port: number } {
  const { PORT: port, HOST: host } = options.config;
  return buildHttpProgram(
    { name: 'api', version, server: { port, host, variable: 'PORT' }, endpoints, auditActions },
    options,
    (foundation) => partsOf(options, foundation),
  );
}

/** Queues, the console, Bull Board, the login of people, and the way to `serve`. */
function partsOf(
  { config, logger, kickOffWaitMs, testWaitMs }: ApiOptions,
  { store, registry, redis, metrics, tracing, limits, onRedisError }: HttpFoundation,
): HttpProgramParts {
  const prefix = config.BULKHEAD_PREFIX;
  const hasKeyLogin = config.API_KEY_LOGIN === 'on';
  const producer = new Producer({ redis, prefix, onError: onRedisError, tracing });
  const exposed = exposedConnections(config);
  const egressGuard = createEgressGuard({ proxy: proxyOf(config) });
  const rules = { privateNetwork: config.API_CLIENT_KEYS_PRIVATE_NETWORK };
  const services = createServices({
    store,
    producer,
    registry,
    redis,
    prefix,
    kickOffWaitMs,
    testWaitMs,
    version,
    clientKeys: {
      readJson: (url) => readJson({ guard: egressGuard, rules, url }),
      urlFault: (url) => urlFault(new URL(url), rules),
    },
    configuration: { exposed, encryptionKeySource: config.encryptionKeySource },
    hasKeyLogin,
  });
  watchSystem({ metrics, services });
  const { audit, sessions } = services;
  const identityProvider = identityProviderOf(config);
  return {
    services,
    checkRedis: () => producer.checkWritable(),
    trustProxy: config.TRUST_PROXY,
    passOn: (endpointsAt) => passOnServed({ serveUrl: config.SERVE_URL, endpointsAt, logger }),
    before: (refusedAttempts) => [
      ...(config.API_DOCS === 'on' ? [docsRoutes(config)] : []),
      loginRoutes({ ...services, refusedAttempts, limits, logger, identityProvider, hasKeyLogin }),
      Router().use(bullBoardPath, bullBoardRoute({ producer, sessions, audit, logger })),
    ],
    // After the API, so that requests of the API do not search for a file first.
    after: [
      consoleRoutes({ sessions, consoleDir: config.CONSOLE_DIR ?? join(import.meta.dirname, '../../console/dist') }),
    ],
    onStart: async () => {
      for (const reason of exposed) logger.warn('connection is exposed', { reason });
      for (const reason of await checkRedis(redis)) logger.warn('redis is not safe for queues', { reason });
    },
    onStop: async () => {
      await producer.close();
      egressGuard.close();
    },
  };
}
