import type { createAccessTokenRepository } from './access-token.repository.ts';
import type { createAuthorizationRequestRepository } from './authorization-request.repository.ts';
import type { createConnectionRepository } from './connection.repository.ts';
import type { createConnectionDraftRepository } from './connection-draft.repository.ts';
import type { createSigningKeyRepository } from './signing-key.repository.ts';

export { createAccessTokenRepository } from './access-token.repository.ts';
export type { AuthorizationRequest } from './authorization-request.record.ts';
export { createAuthorizationRequestRepository } from './authorization-request.repository.ts';
export { createConnectionRepository } from './connection.repository.ts';
export { createConnectionDraftRepository } from './connection-draft.repository.ts';
export { createSigningKeyRepository } from './signing-key.repository.ts';

/** A run of a connection that has not ended. */
interface ActiveRun {
  readonly id: string;
  readonly connectionId: string;
}

/** The repositories that this feature uses. Of repositories of other features it lists only the methods that it calls. */
export interface ConnectionStore {
  readonly connections: ReturnType<typeof createConnectionRepository>;
  readonly connectionDrafts: ReturnType<typeof createConnectionDraftRepository>;
  readonly accessTokens: ReturnType<typeof createAccessTokenRepository>;
  readonly authorizationRequests: ReturnType<typeof createAuthorizationRequestRepository>;
  readonly signingKeys: ReturnType<typeof createSigningKeyRepository>;
  readonly bulkExports: { readonly listActive: () => Promise<readonly ActiveRun[]> };
  readonly syncRuns: { readonly listActive: () => Promise<readonly ActiveRun[]> };
}
export { connectionError } from './errors.ts';
