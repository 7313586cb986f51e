import type { Logger } from '@bulkhead/base';
import { defineJob, minuteMs, once } from '@bulkhead/queues';
import { z } from 'zod';
import type { AuditStore } from '../audit.feature.ts';
import type { ChainPosition } from '../check-chain.ts';

export interface AuditHeadDeps {
  readonly store: Pick<AuditStore, 'auditEvents'>;
  readonly logger: Logger;
  /** Undefined if events are not sent off the host. */
  readonly sendAuditHead?: ((head: ChainPosition) => void) | undefined;
}

/**
 * Writes the newest position of the audit chain to the log and to the stream of events. Nothing in the database can show that its newest
 * events were removed, but a head that was kept elsewhere can.
 */
export const keepAuditHeadJob = defineJob({
  name: 'maintenance.keep-audit-head',
  queue: 'maintenance',
  payload: z.strictObject({}),
  jobId: () => 'keep-audit-head',
  // The next one comes within an hour.
  ...once,
  timeoutMs: 1 * minuteMs,
  // Events that were removed within an hour are not missed by a comparison with a kept head.
  everyMs: 60 * minuteMs,
  uses: ['auditEvents'],
  run: keepAuditHead,
});

async function keepAuditHead({ store, sendAuditHead, logger }: AuditHeadDeps): Promise<void> {
  const head = await store.auditEvents.head();
  if (!head) return;
  logger.info('audit head', { auditHead: `${head.sequence}:${head.hash}` });
  sendAuditHead?.(head);
}
