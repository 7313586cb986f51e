import { defineErrors, type WarningTable } from '@bulkhead/runtime';

export const syncError = defineErrors({
  'too-many-patients': {
    help: 'The EHR lists more than 200,000 patients. Name the patients of the sync, or narrow `search.patientList` of the provider.',
  },
  'no-patients': {
    message:
      'No patient of this connection is stored yet. Run a bulk export first, name the patients, or set `search.patientList` of the provider if the EHR can list its patients.',
  },
  'sync-ended': { status: 409, message: 'The run has ended, so there is nothing to cancel. What it stored stays.' },
  'unknown-run': {
    status: 404,
    message:
      'No sync run has this id. Use the `id` from the response that started it, or list the runs. Ended runs are deleted after a time.',
  },
  'nothing-to-retry': {
    status: 409,
    message: 'Nothing in this run failed, or the run was cancelled. Start a new one.',
    of: ['retrySyncRun'],
  },
  'sync-already-running': {
    status: 409,
    message: 'A sync of this connection is already running. Wait for it to end, or cancel it first.',
    details: { syncRunId: 'sync_01a20ebbc9477ed4b36076ce74bec9ba' },
  },
  'sync-cancelled': {
    status: 409,
    message: 'The run was cancelled. Resources that it stored until then are kept.',
    details: {
      syncRunId: 'sync_01a20ebbc9477ed4b36076ce74bec9ba',
      standardResources: 812,
      enhancedResources: 0,
      total: 812,
      id: 'sync_01a20ebbc9477ed4b36076ce74bec9ba',
      skipped: [],
    },
  },
  'sync-incomplete': {
    status: 502,
    help: 'Retry the run, which requests the rest. What succeeded is stored. `details` has the counts, and the page of the run shows what failed.',
    examples: [
      {
        message:
          "Searches failed: Observation (3). The first error: The EHR failed to answer. The request will be retried. If it keeps failing, check the EHR's status page.",
        details: {
          syncRunId: 'sync_01a20ebbc9477ed4b36076ce74bec9ba',
          standardResources: 3719,
          enhancedResources: 1201,
          total: 4920,
          id: 'sync_01a20ebbc9477ed4b36076ce74bec9ba',
          skipped: [],
        },
      },
    ],
  },
  'steps-missing': {
    help: 'The database has fewer steps of the sync than were planned, for example after a backup was restored. A retry plans the missing ones again.',
  },
  'search-incomplete': {
    help: 'The EHR promised more resources of a type than it sent. A retry or the next sync requests all of them again.',
  },
  'search-waited-too-long': {
    help: 'The sync has waited for 24 hours without an answer, because of the EHR or the request budget. A retry continues at the same page.',
  },
  'search-attempts': {
    message:
      'Gave up after 50 attempts without a page. The page may be crashing the workers. Check their logs. What was read before is stored.',
  },
  'too-many-bad-entries': {
    message:
      "More than half of the entries of the search are not usable resources, so the rest was not read. See the reasons in the quarantine, and contact the EHR's support.",
  },
});

export const syncWarnings = {
  'entries-rejected':
    "Entries of the EHR's answers could not be stored. They are in the quarantine. List them with the id of the run as `exportId`.",
  'search-incomplete':
    'The EHR promised more resources of a type than it sent. The run is PARTIAL, and the crawl marks of these searches stay. A retry or the next sync requests all of them again.',
} as const satisfies WarningTable;

declare module '@bulkhead/runtime' {
  interface ErrorCodes extends Record<keyof typeof syncError.table, true> {}
  interface WarningCodes extends Record<keyof typeof syncWarnings, true> {}
}
