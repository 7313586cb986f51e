export { auditEventViewSchema, toAuditView } from '../audit-event.record.ts';
export { auditCsvHeader, toAuditCsvLine } from '../audit-event-csv.ts';
export {
  AuditService,
  auditCheckOf,
  auditCheckQuerySchema,
  auditDownloadQuerySchema,
  auditQuerySchema,
} from './audit.service.ts';
