/** The collections of this feature. `defineFeature` lets it open no other. */
export const collections = {
  connections: 'connections',
  connectionDrafts: 'connection_drafts',
  connectionKeys: 'connection_keys',
  accessTokens: 'access_tokens',
  authorizationRequests: 'authorization_requests',
  signingKeys: 'signing_keys',
  connectionProbes: 'connection_probes',
  providerFacts: 'provider_facts',
} as const;
