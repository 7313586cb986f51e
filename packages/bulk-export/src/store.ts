import type { ConnectionStore } from '@bulkhead/connections';
import type { DocumentStore } from '@bulkhead/documents';
import type { QuarantineStore } from '@bulkhead/quarantine';
import type { ResourceStore } from '@bulkhead/resources';
import type { Leases } from '@bulkhead/store';
import type { createBulkExportRepository } from './bulk-export.repository.ts';
import type { createIdempotencyKeyRepository } from './idempotency-key.repository.ts';
import type { createOutputFileRepository } from './output-file.repository.ts';
import type { createWatermarkRepository } from './watermarks/watermark.repository.ts';

/** The repositories that this feature uses. */
export interface BulkExportStore
  extends Pick<ConnectionStore, 'connections'>,
    Pick<ResourceStore, 'prepareResourceTypes'>,
    QuarantineStore,
    DocumentStore {
  readonly bulkExports: ReturnType<typeof createBulkExportRepository>;
  readonly outputFiles: ReturnType<typeof createOutputFileRepository>;
  readonly exportLeases: Leases;
  readonly idempotencyKeys: ReturnType<typeof createIdempotencyKeyRepository>;
  readonly watermarks: ReturnType<typeof createWatermarkRepository>;
}
