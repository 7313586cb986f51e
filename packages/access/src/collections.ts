/** The collections of this feature. `defineFeature` lets it open no other. */
export const collections = {
  apiKeys: 'api_keys',
  sessions: 'sessions',
  backendClients: 'backend_clients',
  clientTokens: 'client_tokens',
  usedAssertions: 'used_assertions',
} as const;
