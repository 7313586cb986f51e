export { bulkExportQuerySchema, bulkExportRequestSchema, exportStatusQuerySchema } from './bulk-export.schema.ts';
export { BulkExportService } from './bulk-export.service.ts';
export { cancelExport } from './cancel-and-retry.ts';
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
} from './export-view.ts';
export { newExport, requestKey } from './new-export.ts';
export { typeRowSchema } from './type-table.ts';
export { toWatermarkView, watermarkViewSchema } from './watermark-view.ts';
