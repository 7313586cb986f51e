import type { StoreOptions } from './create-store.ts';

/** The options of the store of a process, from its environment. */
export function storeOptions(config: {
  readonly MONGODB_URI: string;
  readonly BULKHEAD_ENCRYPTION_KEY: Buffer;
  readonly BULKHEAD_PREVIOUS_ENCRYPTION_KEYS?: readonly Buffer[] | undefined;
  readonly BULKHEAD_AUDIT_DAYS?: number | undefined;
}): StoreOptions {
  return {
    uri: config.MONGODB_URI,
    encryptionKey: config.BULKHEAD_ENCRYPTION_KEY,
    previousEncryptionKeys: config.BULKHEAD_PREVIOUS_ENCRYPTION_KEYS,
    auditDays: config.BULKHEAD_AUDIT_DAYS,
  };
}
