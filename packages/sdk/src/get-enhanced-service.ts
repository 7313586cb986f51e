import { parseEnv, processEnvShape } from '@bulkhead/base';
import { proxyEnvShape, proxyOf } from '@bulkhead/base/egress';
import { encryptionEnvShape, unwrapKeys } from '@bulkhead/base/encryption';
import { type EnhancedService, getAthenaHealthEnhancedService as getHttpService } from '@bulkhead/client';
import { z } from 'zod';
import { createEmbeddedService } from './create-embedded-service.ts';

/** The guide calls its function without arguments, so the module has to keep the service. There is no other module state. */
let service: EnhancedService | undefined;

/**
 * Returns the service of the athenahealth integration guide, configured by the environment. If BULKHEAD_URL is set, it uses the HTTP
 * API with BULKHEAD_API_KEY. Otherwise it runs in this process with the variables of docs/env.md (REDIS_URL, MONGODB_URI,
 * BULKHEAD_ENCRYPTION_KEY, ...). Every call returns the same service until it is closed. It connects when it is first used.
 * @throws EnvError that names every missing or invalid variable.
 */
export function getAthenaHealthEnhancedService(env: NodeJS.ProcessEnv = process.env): EnhancedService {
  if ('BULKHEAD_URL' in env) return getHttpService(env);
  service ??= inProcess(env);
  return service;
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
      service = undefined;
      await (await started)?.close();
    },
  };
}
