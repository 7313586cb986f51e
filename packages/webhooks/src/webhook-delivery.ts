export const webhookStates = ['pending', 'delivered', 'failed'] as const;
export type WebhookState = (typeof webhookStates)[number];

/** One try to call back. */
export interface WebhookAttempt {
  readonly at: Date;
  /** Of the answer; undefined where there was none. */
  readonly status?: number;
  readonly error?: string;
}

/** A call to a client's address: that an export or a sync has ended. Ids and counts only, never patient data. */
export interface WebhookDelivery {
  readonly id: string;
  readonly connectionId: string;
  readonly url: string;
  /** `bulk-export.completed`, `sync-run.partial`, ... */
  readonly type: string;
  /** The body, as it is signed and sent. */
  readonly body: string;
  readonly state: WebhookState;
  /** The latest ones. */
  readonly attempts: readonly WebhookAttempt[];
  readonly createdAt: Date;
  readonly deliveredAt?: Date;
}
