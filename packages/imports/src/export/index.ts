export {
  type BulkExport,
  type EarlierExports,
  type ExportCounts,
  type ExportWarning,
  lacksData,
} from './bulk-export.record.ts';
export {
  type BulkExportPhase,
  type BulkExportStatus,
  bulkExportPhases,
  isTerminal,
  publicStatus,
} from './bulk-export-phase.ts';
export { exportError } from './errors.ts';
export { type BulkExportStore, exportFeature } from './export.feature.ts';
export { type ExportEnd, exportEndedEventSchema } from './export-ended.event.ts';
export { accountedLines, emptyCheckpoint, type OutputFile } from './output-file.record.ts';
export { simulatePolls } from './poll-delay.ts';
export {
  type Coverage,
  everyType,
  type HoldReason,
  holdReasons,
  type Watermark,
} from './watermarks/watermark.record.ts';
export { coveredBefore, sinceLast } from './watermarks/watermark.ts';
