/** The collections of this feature. `defineFeature` lets it open no other. */
export const collections = {
  bulkExports: 'bulk_exports',
  outputFiles: 'output_files',
  runningExports: 'running_exports',
  exportSlots: 'export_slots',
  watermarks: 'watermarks',
  cohorts: 'cohorts',
  cohortMarks: 'cohort_marks',
} as const;
