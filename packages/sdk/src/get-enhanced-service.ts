import { parseEnv, processEnvShape, unwrapKeys } from '@bulkhead/runtime';
import { z } from 'zod';
import { createEmbeddedService } from './create-embedded-service.ts';
import { createHttpService } from './create-http-service.ts';
import type { EnhancedService } from './enhanced-service.ts';

const httpSchema = z.object({
  BULKHEAD_URL: z.url({ protocol: /^https?$/, error: 'must be the http or https URL of the API' }),
  BULKHEAD_API_KEY: z.string().min(1),
});

/** The guide's function has no argument, so its service is the one thing here that is kept by the module. */
let service: EnhancedService | undefined;

/**
 * The service of the athenahealth integration guide, from the environment: with BULKHEAD_URL and BULKHEAD_API_KEY over the
 * HTTP API, else in this process with the variables of docs/env.md (REDIS_URL, MONGODB_URI, BULKHEAD_ENCRYPTION_KEY, ...).
 * The same one at every call, until it is closed; its connections are made at the first use.
 * @throws EnvError naming every variable that is missing or wrong.
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
  const wrapped = parseEnv(z.object(processEnvShape), env);
  let started: Promise<EnhancedService> | undefined;
  const start = (): Promise<EnhancedService> => {
    started ??= unwrapKeys({ config: wrapped, env }).then((config) =>
      createEmbeddedService({
        redisUrl: config.REDIS_URL,
        mongodbUri: config.MONGODB_URI,
        encryptionKey: config.BULKHEAD_ENCRYPTION_KEY,
        previousEncryptionKeys: config.BULKHEAD_PREVIOUS_ENCRYPTION_KEYS,
        prefix: config.BULKHEAD_PREFIX,
        providers: config,
      }),
    );
    return started;
  };
  return {
    initiateBulkExport: async (...given) => (await start()).initiateBulkExport(...given),
    checkBulkExportStatus: async (...given) => (await start()).checkBulkExportStatus(...given),
    processBulkExportData: async (...given) => (await start()).processBulkExportData(...given),
    enhancedSync: async (...given) => (await start()).enhancedSync(...given),
    getConnection: async (...given) => (await start()).getConnection(...given),
    fhirClient: {
      searchResources: async (...given) => (await start()).fhirClient.searchResources(...given),
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
