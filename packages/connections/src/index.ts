export { createAccessTokenRepository } from './access-token.repository.ts';
export type { AuthorizationRequest } from './authorization-request.record.ts';
export { createAuthorizationRequestRepository } from './authorization-request.repository.ts';
export { createConnectionRepository } from './connection.repository.ts';
export { createConnectionDraftRepository } from './connection-draft.repository.ts';
export { createSigningKeyRepository } from './signing-key.repository.ts';
export type { ConnectionStore } from './store.ts';
