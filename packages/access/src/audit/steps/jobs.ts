export { keepAuditHeadJob } from './keep-audit-head.job.ts';
