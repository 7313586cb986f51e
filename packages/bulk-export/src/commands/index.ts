export {
  bulkExportQuerySchema,
  bulkExportRequestSchema,
  exportStatusQuerySchema,
  sinceInstantSchema,
} from './bulk-export.schema.ts';
export { createBulkExportService } from './bulk-export.service.ts';
export { cancelExport } from './cancel-and-retry.ts';
export {
  describePause,
  type RequestPause,
  type RunActivity,
  runActivitySchema,
  toUsualSeconds,
  usualKeptMs,
} from './export-activity.ts';
export {
  type ExportView,
  exportEventViewSchema,
  exportViewSchema,
  outputFileViewSchema,
  retryingViewSchema,
  startedExportSchema,
  toEventView,
  toFileView,
  toRetryingView,
  toStartedView,
  toStatusView,
  type ViewFor,
} from './export-view.ts';
export { newExport, requestKey } from './new-export.ts';
export { toWatermarkView, watermarkViewSchema } from './watermark-view.ts';
