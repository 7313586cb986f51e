/** The collections of this feature. `defineFeature` lets it open no other. */
export const collections = {
  schedules: 'schedules',
} as const;
