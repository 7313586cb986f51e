/** The collections of this feature. `defineFeature` lets it open no other. */
export const collections = {
  auditEvents: 'audit_events',
} as const;
