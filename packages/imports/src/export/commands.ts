export { cancelExport } from './cancel-and-retry.ts';
export {
  cohortBodySchema,
  cohortChangeSchema,
  cohortNameSchema,
  cohortSummarySchema,
  cohortViewSchema,
  toCohortSummary,
  toCohortView,
} from './patients/cohort.record.ts';
export { CohortService, findCohort } from './patients/cohort.service.ts';
export { BulkExportService } from './read/bulk-export.service.ts';
export {
  type ExportView,
  exportEventViewSchema,
  exportViewSchema,
  outputFileViewSchema,
  toEventView,
  toFileView,
  toStatusView,
} from './read/export-view.ts';
export { startedExportSchema, toStartedView } from './read/started-view.ts';
export { typeRowSchema } from './read/type-table.ts';
export { requestKey } from './sent-request.ts';
export {
  bulkExportQuerySchema,
  bulkExportRequestSchema,
  exportStatusQuerySchema,
} from './start/export-request.schema.ts';
export { newExport } from './start/new-export.ts';
export { createStartExport } from './start/start-export.ts';
export { toWatermarkView, watermarkViewSchema } from './watermarks/watermark.record.ts';
