/** The collections of this feature. `defineFeature` lets it open no other. */
export const collections = {
  syncRuns: 'sync_runs',
  syncSteps: 'sync_steps',
  runningSyncs: 'running_syncs',
  crawlMarks: 'crawl_marks',
} as const;
