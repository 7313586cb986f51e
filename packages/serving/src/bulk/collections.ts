/** The collections of this feature. `defineFeature` lets it open no other. */
export const collections = {
  servedExports: 'served_exports',
} as const;
