import { defineErrors, type WarningTable } from '@bulkhead/base';

export const syncError = defineErrors({
  'too-many-patients': {
    title: 'The EHR lists too many patients',
    advice: 'List the patients of the sync, or narrow the list of patients of the provider.',
    help: 'The EHR lists more than 200,000 patients. List the patients of the sync, or narrow `search.patientList` of the provider.',
  },
  'patients-moved': {
    title: 'The list of patients changed while it was read',
    advice: 'Nothing needs to be done. The list is read again. If this repeats, run the sync at a quieter time.',
    retry: 'later',
    message:
      'The list of patients at the EHR changed while its pages were read, three times in a row, so patients could be missing from it. The list is read again. If this repeats, run the sync at a quieter time.',
  },
  'no-patients': {
    title: 'No patient is stored yet',
    advice: 'Run a bulk export first, or list the patients.',
    message:
      'No patient of this connection is stored yet. Run a bulk export first, list the patients, or set `search.patientList` of the provider if the EHR can list its patients.',
  },
  'nothing-to-search': {
    title: 'None of the requested types can be searched',
    advice: 'Add the scopes of the types to the application at the EHR, or request other types.',
    help: 'None of the requested types can be searched: the granted scopes do not cover them, or the EHR does not search them by patient. The message has the reason of each.',
  },
  'type-refused': {
    title: 'The EHR refuses searches of a type',
    advice: 'See what the EHR said. The next sync tries again.',
    help: 'The EHR refused the first searches of a type in the same way, so the others were not sent. The next sync, or a retry, tries again. If the EHR does not have the type, name it in `search.notByPatient` of the provider ([Providers](providers.md)).',
  },
  'sync-ended': {
    title: 'The sync has already ended',
    advice: 'There is nothing to cancel. Everything that was stored stays.',
    status: 409,
    message: 'The run has ended, so there is nothing to cancel. What it stored stays.',
  },
  'unknown-run': {
    title: 'Sync not found',
    advice: 'Open the list of syncs. Syncs that have ended are deleted after some time.',
    status: 404,
    message:
      'No sync run has this id. Use the `id` from the response that started it, or list the runs. Ended runs are deleted after some time.',
  },
  'nothing-to-retry': {
    title: 'There is nothing to retry',
    advice: 'Everything that can be stored is stored. Start a new run to get later changes.',
    status: 409,
    message: 'Nothing in this run failed, or the run was cancelled. Start a new one.',
    of: ['retrySyncRun'],
  },
  'sync-already-running': {
    title: 'A sync of this connection is already running',
    advice: 'Wait until it has ended, or cancel it first.',
    status: 409,
    message: 'A sync of this connection is already running. Wait for it to end, or cancel it first.',
    details: { syncRunId: 'sync_01a20ebbc9477ed4b36076ce74bec9ba' },
  },
  'sync-cancelled': {
    title: 'The sync was cancelled',
    advice: 'Start a new sync. Everything that was stored stays.',
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
    title: 'The sync is incomplete',
    advice: 'Retry the sync. That requests only what is missing.',
    status: 502,
    help: 'Retry the run, which requests the rest. What succeeded is stored. `details` has the counts, and the page of the run shows what failed.',
    examples: [
      {
        message:
          "Searches failed: Observation (3). The first error: The EHR failed to respond. The request will be retried. If it keeps failing, check the EHR's status page.",
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
    title: 'Steps of the sync are missing from the database',
    advice: 'Retry the sync. That plans the missing steps again.',
    help: 'The database has fewer steps of the sync than were planned, for example after a backup was restored. A retry plans the missing ones again.',
  },
  'versions-incomplete': {
    title: 'The EHR sent incomplete versions',
    advice: "The complete versions stay stored. Ask the EHR's support why it sends later ones incompletely.",
    help: 'The EHR sent later versions of resources that are marked as incomplete (SUBSETTED). The complete earlier versions stay stored. The warning has the counts by type.',
  },
  'search-incomplete': {
    title: 'The EHR sent fewer resources than it promised',
    advice: 'Retry the sync, or wait for the next one. Both request all of them again.',
    help: 'The EHR promised more resources of a type than it sent. A retry or the next sync requests all of them again.',
  },
  'search-waited-too-long': {
    title: 'The sync waited for a whole day',
    advice: 'Retry the sync. It continues at the same page.',
    help: 'The sync has waited for 24 hours without a response, because of the EHR or the request budget. A retry continues at the same page.',
  },
  'search-attempts': {
    title: 'A page of a search failed 50 times',
    advice: 'The page may be crashing the workers. Check their logs, then retry the sync.',
    message:
      'Gave up after 50 attempts without a page. The page may be crashing the workers. Check their logs. What was read before is stored.',
  },
  'too-many-bad-entries': {
    title: 'Too many entries are not usable',
    advice: "See the reasons in the quarantine, and contact the EHR's support.",
    fixedAt: 'quarantine',
    message:
      "More than half of the entries of the search are not usable resources, so the rest was not read. See the reasons in the quarantine, and contact the EHR's support.",
  },
});

export const syncWarnings = {
  'entries-rejected': {
    title: 'Some entries are not usable resources',
    advice: 'See their reasons in the quarantine.',
    fixedAt: 'quarantine',
    help: "Entries of the EHR's responses could not be stored. They are in the quarantine. List them with the id of the run as `runId`.",
  },
  'versions-incomplete': {
    title: 'The EHR sent incomplete versions',
    advice: "The complete versions stay stored. Ask the EHR's support why it sends later ones incompletely.",
    help: 'The EHR sent later versions of resources that are marked as incomplete (SUBSETTED). The complete earlier versions stay stored. The warning has the counts by type.',
  },
  'type-refused': {
    title: 'The EHR refuses searches of a type',
    advice: 'See what the EHR said. The next sync tries again.',
    help: 'The EHR refused the first searches of a type in the same way, so the others were not sent. The next sync tries again.',
  },
  'search-incomplete': {
    title: 'The EHR sent fewer resources than it promised',
    advice: 'Retry the sync, or wait for the next one. Both request all of them again.',
    help: 'The EHR promised more resources of a type than it sent. The run is PARTIAL, and the crawl marks of these searches stay. A retry or the next sync requests all of them again.',
  },
} as const satisfies WarningTable;

declare module '@bulkhead/base' {
  interface ErrorCodes extends Record<keyof typeof syncError.table, true> {}
  interface WarningCodes extends Record<keyof typeof syncWarnings, true> {}
}
