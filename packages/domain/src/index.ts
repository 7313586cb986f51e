export { AppError, type AppErrorOptions, type RetryAdvice } from './app-error.ts';
export {
  type BulkExport,
  type BulkExportRequest,
  type ExportCounts,
  type ExportError,
  type ExportType,
  type ExportWarning,
  exportTypes,
  noCounts,
} from './bulk-export.ts';
export {
  type BulkExportPhase,
  type BulkExportStatus,
  canFollow,
  isTerminal,
  publicStatus,
} from './bulk-export-phase.ts';
export type { Capabilities, Connection, ConnectionAuth } from './connection.ts';
export {
  accountedLines,
  emptyCheckpoint,
  type FileCheckpoint,
  type OutputFile,
  type OutputFileSection,
  type OutputFileState,
} from './output-file.ts';
export { pollDelay, pollErrorDelay } from './poll-delay.ts';
export { type Comparison, compareVersions, type ResourceVersion } from './resource-version.ts';
export { settledTypes, type Watermark } from './watermark.ts';
