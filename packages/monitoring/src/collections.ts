/** The collections of this feature. `defineFeature` lets it open no other. */
export const collections = {
  processStates: 'process_states',
  historySamples: 'history_samples',
} as const;
