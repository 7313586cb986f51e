import type { Logger } from '@bulkhead/base';
import { work } from '@bulkhead/queues';
import type { AuditStore } from '../audit.feature.ts';
import type { ChainPosition } from '../check-chain.ts';
import { keepAuditHeadJob } from '../jobs.ts';

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
export const keepAuditHeadWork = work(keepAuditHeadJob, { run: keepAuditHead });

async function keepAuditHead({ store, sendAuditHead, logger }: AuditHeadDeps): Promise<void> {
  const head = await store.auditEvents.head();
  if (!head) return;
  logger.info('audit head', { auditHead: `${head.sequence}:${head.hash}` });
  sendAuditHead?.(head);
}
