import type { createApiKeyRepository } from './api-key.repository.ts';
import type { createAuditEventRepository } from './audit/audit-event.repository.ts';
import type { createSessionRepository } from './session.repository.ts';

/** The repositories that this feature works with. Of those of later features it names only what it calls. */
export interface AccessStore {
  readonly apiKeys: ReturnType<typeof createApiKeyRepository>;
  readonly auditEvents: ReturnType<typeof createAuditEventRepository>;
  readonly sessions: ReturnType<typeof createSessionRepository>;
  readonly connections: { readonly find: (id: string) => Promise<object | undefined> };
}
