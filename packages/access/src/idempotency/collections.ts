/** The collections of this feature. `defineFeature` lets it open no other. */
export const collections = {
  answeredRequests: 'answered_requests',
} as const;
