import { invalidRequest } from '@bulkhead/runtime';
import type { WebhookStore } from '../store.ts';

/** A call has to be signed, so there must be a secret. @throws AppError `invalid-request` */
export async function checkCallback(options: {
  readonly store: Pick<WebhookStore, 'connections'>;
  readonly connectionId: string;
  readonly callbackUrl?: string | undefined;
}): Promise<void> {
  const { store, connectionId, callbackUrl } = options;
  if (callbackUrl === undefined || (await store.connections.findWebhookSecret(connectionId)) !== undefined) return;
  const message = 'needs a secret to be signed with: make one by PUT /api/ehr/connections/{id}/webhook';
  throw invalidRequest([{ path: 'callbackUrl', message }]);
}
