/** The collections of this feature. `defineFeature` lets it open no other. */
export const collections = {
  processStates: 'process_states',
  historySamples: 'history_samples',
  healthReports: 'health_reports',
} as const;
