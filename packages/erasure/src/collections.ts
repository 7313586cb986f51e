/** The collections of this feature. `defineFeature` lets it open no other. */
export const collections = {
  erasures: 'erasures',
  writingProcesses: 'writing_processes',
  erasureEpochs: 'erasure_epochs',
} as const;
