/** The collections of this feature. `defineFeature` lets it open no other. */
export const collections = {
  quarantine: 'quarantine',
  quarantineUsage: 'quarantine_usage',
} as const;
