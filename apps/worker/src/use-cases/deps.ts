import type { EhrClient, WebhookSender } from '@bulkhead/ehr-client';
import type { Producer } from '@bulkhead/queues';
import type { Logger } from '@bulkhead/runtime';
import type { Store } from '@bulkhead/store';
import type { DocumentSettings } from './document-settings.ts';
import type { ExportContexts } from './export-contexts.ts';
import type { RetentionDays } from './retention-days.ts';

/** What the worker's use cases work with. */
export interface UseCaseDeps {
  readonly store: Store;
  readonly producer: Producer;
  readonly ehr: EhrClient;
  readonly webhooks: WebhookSender;
  readonly exportContexts: ExportContexts;
  readonly logger: Logger;
  readonly pollIntervalMs: number;
  readonly documents: DocumentSettings;
  readonly retentionDays: RetentionDays;
  /**
   * How long after the work for it was stopped the last pass of an erasure begins: longer than the store keeps what may be written,
   * and than a write that was under way takes.
   */
  readonly erasureSettleMs: number;
  readonly now: () => Date;
}
