import { parseEnv, processEnvShape } from '@bulkhead/runtime';
import type { StoreOptions } from '@bulkhead/store';
import { z } from 'zod';

const schema = z.object({
  ...processEnvShape,
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  /** The interface to listen on; 127.0.0.1 for this machine only. */
  HOST: z.string().default('0.0.0.0'),
  /** How long audit events are kept; left out: six years. */
  BULKHEAD_AUDIT_DAYS: z.coerce.number().int().min(1).max(36_500).optional(),
});
export type ApiConfig = z.output<typeof schema>;

export function readApiConfig(env: NodeJS.ProcessEnv): ApiConfig {
  return parseEnv(schema, env);
}

export function storeOptions(config: ApiConfig): StoreOptions {
  return {
    uri: config.MONGODB_URI,
    encryptionKey: config.BULKHEAD_ENCRYPTION_KEY,
    previousEncryptionKeys: config.BULKHEAD_PREVIOUS_ENCRYPTION_KEYS,
    auditDays: config.BULKHEAD_AUDIT_DAYS,
  };
}
