export { cohortBodySchema, cohortChangeSchema, cohortNameSchema } from './cohorts/cohort.schema.ts';
export { CohortService, findCohort } from './cohorts/cohort.service.ts';
export { cohortSummarySchema, cohortViewSchema, toCohortSummary, toCohortView } from './cohorts/cohort-view.ts';
export { BulkExportService } from './read/bulk-export.service.ts';
export {
  type ExportView,
  exportEventViewSchema,
  exportViewSchema,
  outputFileViewSchema,
  startedExportSchema,
  toEventView,
  toFileView,
  toStartedView,
  toStatusView,
} from './read/export-view.ts';
export { typeRowSchema } from './read/type-table.ts';
export { toWatermarkView, watermarkViewSchema } from './read/watermark-view.ts';
export { cancelExport } from './start/cancel-and-retry.ts';
export {
  bulkExportQuerySchema,
  bulkExportRequestSchema,
  exportStatusQuerySchema,
} from './start/export-request.schema.ts';
export { newExport, requestKey } from './start/new-export.ts';
export { createStartExport } from './start/start-export.ts';
