import type { ConnectionStore } from '@bulkhead/connections';
import type { DocumentStore } from '@bulkhead/documents';
import type { QuarantineStore } from '@bulkhead/quarantine';
import type { ResourceStore } from '@bulkhead/resources';
import type { Leases } from '@bulkhead/store';
import type { createBulkExportRepository } from './bulk-export.repository.ts';
import type { createExportSlotRepository } from './export-slot.repository.ts';
import type { createIdempotencyKeyRepository } from './idempotency-key.repository.ts';
import type { createOutputFileRepository } from './output-file.repository.ts';
import type { createWatermarkRepository } from './watermarks/watermark.repository.ts';

export { createActiveExportRepository } from './active-export.repository.ts';
export { type BulkExport, type ExportCounts, type ExportWarning, lacksData } from './bulk-export.record.ts';
export { createBulkExportRepository } from './bulk-export.repository.ts';
export {
  type BulkExportPhase,
  type BulkExportStatus,
  bulkExportPhases,
  isTerminal,
  publicStatus,
} from './bulk-export-phase.ts';
export { type ExportEnd, exportEndedEventSchema } from './export-ended.event.ts';
export { createExportSlotRepository } from './export-slot.repository.ts';
export { type HoldReason, holdReasons } from './hold-reason.ts';
export { createIdempotencyKeyRepository } from './idempotency-key.repository.ts';
export { accountedLines, emptyCheckpoint, type OutputFile } from './output-file.record.ts';
export { createOutputFileRepository } from './output-file.repository.ts';
export { createWatermarkRepository } from './watermarks/watermark.repository.ts';
export type { Coverage, Watermark } from './watermarks/watermark.ts';
export { coveredBefore, everyType, sinceLast } from './watermarks/watermark.ts';

/** The repositories that this feature uses. */
export interface BulkExportStore
  extends Pick<ConnectionStore, 'connections'>,
    Pick<ResourceStore, 'prepareResourceTypes'>,
    QuarantineStore,
    DocumentStore {
  readonly bulkExports: ReturnType<typeof createBulkExportRepository>;
  readonly outputFiles: ReturnType<typeof createOutputFileRepository>;
  readonly exportLeases: Leases;
  readonly exportSlots: ReturnType<typeof createExportSlotRepository>;
  readonly idempotencyKeys: ReturnType<typeof createIdempotencyKeyRepository>;
  readonly watermarks: ReturnType<typeof createWatermarkRepository>;
}
export { exportError } from './errors.ts';
