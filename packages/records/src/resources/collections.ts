/** The collections of this feature. `defineFeature` lets it open no other. */
export const collections = {
  keptOutPatients: 'kept_out_patients',
  keptOutKeys: 'kept_out_keys',
  storedTypes: 'stored_types',
  upgrades: 'upgrades',
} as const;
