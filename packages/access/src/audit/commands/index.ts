export { auditEventViewSchema, toAuditView } from '../audit-event.record.ts';
export { auditCsvHeader, toAuditCsvLine } from '../audit-event-csv.ts';
export {
  AuditService,
  auditCheckQuerySchema,
  auditDownloadQuerySchema,
  auditQuerySchema,
  toAuditCheckView,
} from './audit.service.ts';
