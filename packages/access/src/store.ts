import type { createAnsweredRequestRepository } from './answered-request.repository.ts';
import type { createApiKeyRepository } from './api-key.repository.ts';
import type { createAuditEventRepository } from './audit/audit-event.repository.ts';
import type { createSessionRepository } from './session.repository.ts';

/** The repositories that this feature uses. Of repositories of other features it lists only the methods that it calls. */
export interface AccessStore {
  readonly answeredRequests: ReturnType<typeof createAnsweredRequestRepository>;
  readonly apiKeys: ReturnType<typeof createApiKeyRepository>;
  readonly auditEvents: ReturnType<typeof createAuditEventRepository>;
  readonly sessions: ReturnType<typeof createSessionRepository>;
  readonly connections: { readonly find: (id: string) => Promise<object | undefined> };
}
