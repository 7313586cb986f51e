export type { AuditHeadDeps } from './keep-audit-head.job.ts';

import { keepAuditHeadWork } from './keep-audit-head.job.ts';

export { keepAuditHeadWork } from './keep-audit-head.job.ts';

export const auditWorks = [keepAuditHeadWork] as const;
