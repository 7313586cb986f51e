export { type ApiKey, apiKeyRoles } from './api-key.record.ts';
export type { ApiKeyRepository } from './api-key.repository.ts';
export { apiKeyPrefix, isMistyped } from './api-key-text.ts';
export { accessError } from './errors.ts';
export { IdentityProvider, type IdentityProviderOptions, type LoginAttempt } from './person/identity-provider.ts';
export { type Person, type PersonRole, type Principal, personRoles, toPrincipal } from './person/person.record.ts';
export { type AccessStore, createAccessStore } from './store.ts';
