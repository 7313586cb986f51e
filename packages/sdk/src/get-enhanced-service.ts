import { proxyEnvShape, proxyOf } from '@bulkhead/ehr-client';
import { encryptionEnvShape, unwrapKeys } from '@bulkhead/encryption';
import { parseEnv, processEnvShape } from '@bulkhead/runtime';
import { z } from 'zod';
import { createEmbeddedService } from './create-embedded-service.ts';
import { createHttpService } from './create-http-service.ts';
import type { EnhancedService } from './enhanced-service.ts';

const httpSchema = z.object({
  BULKHEAD_URL: z.url({ protocol: /^https?$/, error: 'must be the http or https URL of the API' }),
  BULKHEAD_API_KEY: z.string().min(1),
});

/** The guide calls its function without arguments, so the module has to keep the service. There is no other module state. */
let service: EnhancedService | undefined;

/**
 * Returns the service of the athenahealth integration guide, configured by the environment. If BULKHEAD_URL is set, it uses the HTTP
 * API with BULKHEAD_API_KEY. Otherwise it runs in this process with the variables of docs/env.md (REDIS_URL, MONGODB_URI,
 * BULKHEAD_ENCRYPTION_KEY, ...). Every call returns the same service until it is closed. It connects when it is first used.
 * @throws EnvError that names every missing or invalid variable.
 */
export function getAthenaHealthEnhancedService(env: NodeJS.ProcessEnv = process.env): EnhancedService {
  service ??= 'BULKHEAD_URL' in env ? overHttp(env) : inProcess(env);
  return service;
}

function overHttp(env: NodeJS.ProcessEnv): EnhancedService {
  const { BULKHEAD_URL: baseUrl, BULKHEAD_API_KEY: apiKey } = parseEnv(httpSchema, env);
  return { ...createHttpService({ baseUrl, apiKey }), close: forget };
}

function inProcess(env: NodeJS.ProcessEnv): EnhancedService {
  const wrapped = parseEnv(z.object({ ...processEnvShape, ...encryptionEnvShape, ...proxyEnvShape }), env);
  let started: Promise<EnhancedService> | undefined;
  const start = (): Promise<EnhancedService> => {
    started ??= unwrapKeys(wrapped, env).then((config) =>
      createEmbeddedService({
        redisUrl: config.REDIS_URL,
        mongodbUri: config.MONGODB_URI,
        encryptionKey: config.BULKHEAD_ENCRYPTION_KEY,
        previousEncryptionKeys: config.BULKHEAD_PREVIOUS_ENCRYPTION_KEYS,
        prefix: config.BULKHEAD_PREFIX,
        providers: config,
        proxy: proxyOf(config),
      }),
    );
    return started;
  };
  return {
    initiateBulkExport: async (...args) => (await start()).initiateBulkExport(...args),
    checkBulkExportStatus: async (...args) => (await start()).checkBulkExportStatus(...args),
    processBulkExportData: async (...args) => (await start()).processBulkExportData(...args),
    enhancedSync: async (...args) => (await start()).enhancedSync(...args),
    getConnection: async (...args) => (await start()).getConnection(...args),
    fhirClient: {
      searchResources: async (...args) => (await start()).fhirClient.searchResources(...args),
    },
    async close() {
      await forget();
      await (await started)?.close();
    },
  };
}

async function forget(): Promise<void> {
  service = undefined;
}
