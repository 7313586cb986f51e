import type { WorkerDeps } from './deps.ts';

/**
 * The job `maintenance.keep-audit-head`, which runs each hour: writes the newest position of the audit chain to the log and to the stream of
 * events. Nothing in the database can show that its newest events were removed, but a head that was kept elsewhere can.
 */
export async function keepAuditHead({ store, sendAuditHead, logger }: WorkerDeps): Promise<void> {
  const head = await store.auditEvents.head();
  if (!head) return;
  logger.info('audit head', { auditHead: `${head.sequence}:${head.hash}` });
  sendAuditHead?.(head);
}
