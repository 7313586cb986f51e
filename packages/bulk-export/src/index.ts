export { accountedLines, lacksData } from './accounting.ts';
export { createActiveExportRepository } from './active-export.repository.ts';
export type { BulkExport, ExportCounts, ExportWarning } from './bulk-export.record.ts';
export { createBulkExportRepository } from './bulk-export.repository.ts';
export {
  type BulkExportPhase,
  type BulkExportStatus,
  bulkExportPhases,
  isTerminal,
  publicStatus,
} from './bulk-export-phase.ts';
export { type ExportEnd, exportEndedEventSchema } from './export-ended.event.ts';
export type { HoldReason } from './hold-reason.ts';
export { createIdempotencyKeyRepository } from './idempotency-key.repository.ts';
export { emptyCheckpoint, type OutputFile } from './output-file.record.ts';
export { createOutputFileRepository } from './output-file.repository.ts';
export type { BulkExportStore } from './store.ts';
export { createWatermarkRepository } from './watermarks/watermark.repository.ts';
export type { Coverage, Watermark } from './watermarks/watermark.ts';
export { coveredBefore, everyType, sinceLast } from './watermarks/watermark.ts';
