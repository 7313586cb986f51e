export { auditEventViewSchema, toAuditView } from '../audit-event.record.ts';
export { auditCsvHeader, toAuditCsvLine } from '../audit-event-csv.ts';
export {
  type AuditService,
  auditCheckQuerySchema,
  auditDownloadQuerySchema,
  auditQuerySchema,
  createAuditService,
  toAuditCheckView,
} from './audit.service.ts';
