import type { EhrClient, WebhookSender } from '@bulkhead/ehr-client';
import type { Producer } from '@bulkhead/queues';
import type { Logger } from '@bulkhead/runtime';
import type { RetainedKind, Store } from '@bulkhead/store';
import type { ExportContexts } from './export-contexts.ts';

/** What of the resources' documents is fetched. */
export interface DocumentSettings {
  readonly enabled: boolean;
  /** A larger one is left out. */
  readonly maxBytes: number;
  /** Whether audio and video are fetched. */
  readonly withMedia: boolean;
  /** How much of a download is stored, and lost with a worker, at a time. */
  readonly partBytes: number;
}

/** How many days each kind of record is kept; 0: for ever. */
export type RetentionDays = Readonly<Record<RetainedKind, number>>;

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

export interface ExportStep {
  readonly exportId: string;
  readonly signal: AbortSignal;
}
