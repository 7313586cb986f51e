import { defineErrors, type WarningCode, type WarningTable } from '@bulkhead/base';
import { maxCohortPatients, maxCohorts } from './patients/cohort.record.ts';

export const exportError = defineErrors({
  'export-already-running': {
    title: 'The same export is already running',
    advice: 'Wait until it has ended, or cancel it first.',
    status: 409,
    message: 'The same export is already running for this connection. Wait for it to end, or cancel it first.',
    details: { exportId: 'job_01a20ebbc9477ed4b36076ce74bec9ba' },
  },
  'export-gone': {
    title: 'The EHR no longer has the export',
    advice: 'Retry the export. That starts a new one at the EHR.',
    message:
      'The EHR no longer has the export. It expired or was deleted there. Retry the export, which starts a new one at the EHR.',
  },
  'kick-off-window': {
    title: 'The EHR exports a group only once in a while',
    advice: 'Nothing needs to be done. The export starts when the EHR allows it again.',
    help: 'The EHR exports a Group once within the `kickOffWindow` of the provider. The export waits until it is over.',
  },
  'export-slots-used': {
    title: 'The EHR is running other exports of this practice',
    advice: 'Nothing needs to be done. The export starts when one of the others has ended.',
    help: 'The EHR runs as many exports of the practice as it allows. The export waits until one of those that the message names has ended at the EHR.',
  },
  'kick-off-unanswered': {
    title: 'The EHR does not respond to the kick-off',
    advice:
      "Ask the EHR's support whether exports run. If it needs longer, let the provider wait longer for the response, then retry.",
    help: 'The EHR did not respond to the kick-off in time: 10 minutes, or `kickOff.answerSeconds` of the provider. It may be running the export, so the kick-off is sent once more after an hour. If it does not respond to that one either, the export fails, because each kick-off could start another one.',
  },
  'export-not-there-yet': {
    title: 'The EHR does not know its new export yet',
    advice: 'Nothing needs to be done. The EHR is asked again, for 10 minutes.',
    retry: { afterMs: 30_000 },
    message:
      'The EHR returns 404 to the first status requests of an export that it has just accepted. It may not know it yet, so it is asked again for 10 minutes.',
  },
  'file-not-there-yet': {
    title: 'A file of the EHR is not there yet',
    advice: 'Nothing needs to be done. The EHR is asked again, for 5 minutes.',
    retry: { afterMs: 30_000 },
    message:
      'The EHR returns 404 to a request for a file that its manifest has just named. It may not be there yet, so it is asked for again for 5 minutes.',
  },
  'kick-off-under-way': {
    title: 'Another worker is starting this export',
    advice: 'Nothing needs to be done. The job checks again in a few seconds.',
    retry: { afterMs: 5000 },
    message: 'Another worker is kicking off this export. This job checks again in a few seconds.',
  },
  'unknown-cohort': {
    title: 'Cohort not found',
    advice: 'List the cohorts of the connection, or add this one.',
    status: 404,
    message: 'The connection has no cohort of this name. List its cohorts, or add this one with PUT.',
  },
  'cohort-empty': {
    title: 'The cohort would have no patients',
    advice: 'Delete the cohort, or leave a patient in it.',
    status: 409,
    message:
      'Without these patients the cohort would be empty, and an empty cohort cannot be exported. Delete it instead.',
  },
  'cohort-full': {
    title: 'The cohort would have too many patients',
    advice: 'Use several cohorts, or export the Group of the practice.',
    status: 409,
    message: `A cohort has at most ${maxCohortPatients} patients, because an export is stored with them. Use several cohorts, or export the Group of the practice.`,
  },
  'too-many-cohorts': {
    title: 'The connection has too many cohorts',
    advice: 'Delete a cohort that is no longer exported.',
    status: 409,
    message: `A connection has at most ${maxCohorts} cohorts. Delete one that is no longer exported (DELETE /api/ehr/connections/{id}/cohorts/{name}).`,
  },
  'patient-list-empty': {
    title: 'No patient of the list is left',
    advice: 'Start an export of other patients.',
    message: 'All patients of this export that are not stored yet were erased here, so no patient is left to export.',
  },
  'kick-off-timeout': {
    title: 'The EHR did not accept the export',
    advice: "Check whether another export is stuck at the EHR, or contact the EHR's support.",
    message:
      "The EHR did not accept the export within 48 hours, after the `kickOffWindow` of the provider if it has one. Check whether another export is stuck there, or contact the EHR's support.",
  },
  'export-timeout': {
    title: 'The EHR did not finish the export',
    advice: "Retry the export. If that fails too, request fewer types or contact the EHR's support.",
    message:
      "The EHR did not finish the export within 48 hours. Retry it. If that happens again, request fewer types or contact the EHR's support.",
  },
  'export-failed-at-ehr': {
    title: 'The export failed at the EHR',
    advice: 'Retry the export. That starts a new one at the EHR.',
    help: 'The EHR reports that its export failed. A retry starts a new one at the EHR.',
  },
  'file-attempts': {
    title: 'A file failed 50 times',
    advice: 'A line of the file may be crashing the workers. Check their logs, then retry the export.',
    message: 'Gave up after 50 attempts. A line in this file may be crashing the workers. Check their logs.',
  },
  'file-waited-too-long': {
    title: 'The EHR sent nothing for a day',
    advice: 'Retry the export later.',
    message: 'For more than a day, the EHR asked to wait and sent nothing. Retry the export later.',
  },
  'count-mismatch': {
    title: 'The number of resources differs from the manifest',
    advice: "Retry the export. If the numbers still differ, contact the EHR's support.",
    retry: 'later',
    message:
      'The number of resources in the file differs from the number in the manifest. The file is downloaded again.',
    help: 'At every attempt the number of resources in the file differed from the number in the manifest.',
  },
  'file-truncated': {
    title: 'The file is incomplete',
    advice: 'Retry the export. The download resumes where it stopped.',
    retry: 'later',
    message: 'The file ends in the middle of a line, so the rest is missing. The download resumes at that line.',
    help: 'At every attempt the file ended in the middle of a line.',
  },
  'link-ambiguous': {
    title: 'The link of a file has expired',
    advice: 'Retry the export. That starts a new one at the EHR.',
    message:
      "The EHR refuses the file's link, and the new links in its manifest cannot be assigned to the files. Retry the export, which starts a new one at the EHR.",
  },
  'link-expired': {
    title: 'The link of a file has expired',
    advice: 'Retry the export, which reads the manifest again.',
    message:
      "The EHR refuses the file's link, and its manifest has no working one. Retry the export, which reads the manifest again. If that fails too, retry once more, which starts a new export at the EHR.",
  },
  'file-not-allowed': {
    title: 'The EHR does not allow the download of files',
    advice:
      'Add the missing scopes to the application at the EHR, or have the practice grant access. Then retry the export.',
    help: 'The EHR refuses a file (403) although its link is fresh. The message lists the types and the scopes that are missing, and operators see what the EHR said.',
  },
  'unknown-export': {
    title: 'Export not found',
    advice: 'Open the list of exports. Exports that have ended are deleted after some time.',
    status: 404,
    message:
      'No export has this id. Use the `id` from the response that started it. Ended exports are deleted after some time.',
  },
  'export-ended': {
    title: 'The export has already ended',
    advice: 'There is nothing to cancel. Everything that was stored stays.',
    status: 409,
    message: 'The export has ended, so there is nothing to cancel. What it stored stays.',
  },
  'nothing-to-retry': {
    title: 'There is nothing to retry',
    advice: 'Everything that can be stored is stored. Start a new run to get later changes.',
    status: 409,
    message:
      'Every file of this export is stored, so there is nothing to retry. Start a new export to get later changes.',
    details: { exportId: 'job_01a20ebbc9477ed4b36076ce74bec9ba', phase: 'completed' },
    of: ['retryBulkExport'],
    examples: [
      {
        message: 'A cancelled export cannot be retried, because its data at the EHR is deleted. Start a new export.',
        details: { exportId: 'job_01a20ebbc9477ed4b36076ce74bec9ba', phase: 'cancelled' },
        of: ['retryBulkExport'],
      },
    ],
  },
  'all-files-failed': {
    title: 'None of the files could be stored',
    advice: 'Open the export to see why its files failed. Fix the cause, then retry the export.',
    help: 'None of the files could be stored.',
  },
  'ledger-incomplete': {
    title: 'Files of the export are missing from the database',
    advice: 'Retry the export. That starts a new one at the EHR.',
    help: 'The database has fewer files of the export than the manifest had, for example after a backup was restored. A retry starts a new export at the EHR.',
  },
  'too-many-bad-lines': {
    title: 'Too many lines are not usable',
    advice: "See the reasons in the quarantine, and contact the EHR's support.",
    fixedAt: 'quarantine',
    help: 'More than 100 lines of the file, and over 1 % of its lines, are not usable resources. See the quarantine.',
  },
  'no-valid-lines': {
    title: 'No line of the file is usable',
    advice: "See the reasons in the quarantine, and contact the EHR's support.",
    fixedAt: 'quarantine',
    message:
      "None of the file's lines is a usable resource. See the reasons in the quarantine, and contact the EHR's support.",
  },
});

/** The steps of an export that warn, in their order. `manifest` includes the time until there is one. */
const exportStages = ['kick-off', 'manifest', 'download', 'end'] as const;
type ExportStage = (typeof exportStages)[number];

export const exportWarnings = {
  'files-failed': {
    stage: 'end',
    title: 'Some files could not be stored',
    advice: 'See why under Files. Fix the cause, then retry the export.',
    help: 'Files could not be stored. See the ledger.',
  },
  'documents-failed': {
    stage: 'end',
    title: 'Some documents could not be fetched',
    advice: 'See why under Documents. Fix the cause, then fetch them again.',
    help: 'The content of documents could not be fetched. Their resources are stored. List the documents with GET /api/ehr/{provider}/documents?state=failed. The warning can appear after the end of the export.',
  },
  'lines-quarantined': {
    stage: 'end',
    title: 'Some lines are not usable resources',
    advice: 'See their reasons in the quarantine.',
    fixedAt: 'quarantine',
    help: 'Lines are not usable resources. See the quarantine.',
  },
  'watermarks-held': {
    stage: 'end',
    title: 'Some data may be missing',
    advice: 'Nothing is lost: the next export requests the same changes again. Fix the causes that are listed.',
    help: 'It is in doubt whether all data was received, so the next export with `since: "last"` requests the same changes again. `watermarks` in the status has the reasons by type.',
  },
  'count-mismatch': {
    stage: 'end',
    title: 'The number of resources differs from the manifest',
    advice: "Everything that was received is stored. If it happens again, contact the EHR's support.",
    help: 'In two downloads, the number of resources in a file differed from the number in the manifest. What was received is stored.',
  },
  'members-joined': {
    stage: 'end',
    title: 'Patients have joined the group',
    advice: 'Nothing needs to be done. The next export requests their whole records.',
    help: 'An export of changes of a Group has patients of whom nothing was stored. It need not have their older data, so the next export with `since: "last"` requests all data.',
  },
  'members-left': {
    stage: 'end',
    title: 'Patients are no longer in the group',
    advice:
      'Their records stay stored, and exports of the group no longer keep them current. Erase a patient whose record you must not keep.',
    help: 'An export of everything of a Group does not have patients whom earlier ones had. Their records stay stored. If they are members again, their whole records are requested.',
  },
  'nothing-received': {
    stage: 'end',
    title: 'The EHR sent no resources',
    advice: 'Check the group of the connection. It may have no members, or may not exist.',
    help: 'A full export contained no resources. The group has no members or does not exist.',
  },
  'time-implausible': {
    stage: 'manifest',
    title: "The EHR's clock is ahead",
    advice: 'Compare the clock of the EHR with yours.',
    help: 'The transaction time of the EHR is in the future. Compare its clock with yours.',
  },
  'type-doubtful': {
    stage: 'kick-off',
    title: 'The EHR may not export a requested type',
    advice: 'Nothing needs to be done. When the export ends, it shows whether the EHR sent the type.',
    help: 'The EHR perhaps does not export a requested type, see `notExported` in [Providers](providers.md). It is requested anyway.',
  },
  'types-unknown': {
    stage: 'manifest',
    title: 'Files have no known type',
    advice: 'Nothing needs to be done. Each resource is stored under its own type.',
    help: 'The manifest has files without an R4 type. Each of their resources is stored under its own type.',
  },
  'deletions-not-listed': {
    stage: 'manifest',
    title: 'The EHR listed no deletions',
    advice: "Ask the EHR's support whether it can list deletions.",
    help: 'An export of changes had no list of deletions. Resources that were deleted at the EHR stay stored.',
  },
  'deletions-contradicted': {
    stage: 'end',
    title: 'The EHR sent resources and listed them as deleted',
    advice: "The resources stay stored. Ask the EHR's support which is right.",
    help: 'The EHR sent resources and also listed them as deleted, in one export. They stay stored. Ask its support which is right.',
  },
  'deletions-inferred': {
    stage: 'end',
    title: 'Resources were deleted because full exports no longer have them',
    advice: 'Nothing needs to be done. If they still exist at the EHR, start an export of everything.',
    help: 'The last two complete exports of everything, or of the patients of a cohort, did not contain resources, so they were deleted here. The EHR lists no deletions, or the resources are of other patients now.',
  },
  'deletions-too-many': {
    stage: 'end',
    title: 'Most resources of a type are missing at the EHR',
    advice: "Nothing was deleted here. Verify the group and the scopes of the connection, and ask the EHR's support.",
    help: 'The last two complete exports of everything, or of the patients of a cohort, did not contain more than half of the stored resources of a type. A Group that has lost its members looks the same, so nothing was deleted here.',
  },
  'versions-set-back': {
    stage: 'end',
    title: 'The EHR sent older versions than before',
    advice: "The versions of the EHR are stored. Ask the EHR's support whether it restored a backup.",
    help: 'Resources have an earlier time at the EHR than the stored version, which was replaced. The EHR restored a backup, or its clock was ahead.',
  },
  'versions-incomplete': {
    stage: 'end',
    title: 'The EHR sent incomplete versions',
    advice: "The complete versions stay stored. Ask the EHR's support why it sends later ones incompletely.",
    help: 'The EHR sent later versions of resources that are marked as incomplete (SUBSETTED). The complete earlier versions stay stored. The warning has the counts by type.',
  },
  'type-added': {
    stage: 'end',
    title: 'The EHR exports a type that it refused before',
    advice: 'Nothing needs to be done. The next export requests all data.',
    help: 'This export of every type has only what changed of a type that the EHR refused in earlier exports. The next export with `since: "last"` requests all data.',
  },
  'ehr-clock-went-back': {
    stage: 'end',
    title: "The EHR's clock went back",
    advice: 'Nothing needs to be done. The next export requests all data.',
    help: `The export ends before its own start or before the last export, because the EHR's clock went back. The next export with \`since: "last"\` requests all data.`,
  },
  'patients-not-asked': {
    stage: 'end',
    title: 'The EHR sent other patients than the listed ones',
    advice: "Ask the EHR's support whether it can export single patients. Until then, export all of them.",
    help: 'The EHR sent resources of patients who are not listed in the request. They were not stored. The EHR seems to ignore `patient`, so each export of listed patients transfers everything.',
  },
  'since-ignored': {
    stage: 'end',
    title: 'The EHR seems to send everything each time',
    advice: "Ask the EHR's support whether it can export only changes.",
    help: 'Nearly all resources of an export since the last one were unchanged. The EHR seems to ignore `_since`.',
  },
  'reported-by-ehr': {
    stage: 'end',
    title: 'The EHR reported problems',
    advice: "See what the EHR reports below, and contact the EHR's support.",
    help: 'The EHR reported problems with its export. The warning has their severity and code.',
  },
  'types-missing': {
    stage: 'manifest',
    title: 'The EHR sent no file for a requested type',
    advice: 'Check whether the practice has such resources, or withholds them.',
    help: 'The EHR sent no file of a type that was requested. There are no such resources, or the practice withholds them.',
  },
  'types-withheld': {
    stage: 'manifest',
    title: 'The EHR does not provide a requested type',
    advice: 'Check the scopes of the connection, or leave the type out.',
    help: 'The EHR does not provide a type that was requested. The scopes do not cover it, or the EHR does not export it.',
  },
  'types-not-covered': {
    stage: 'kick-off',
    title: 'The scopes do not cover every type of the EHR',
    advice: 'Add the scopes that are named to the application at the EHR. The next export then requests all data.',
    help: 'The EHR declares types that can be a part of records, and the granted scopes do not cover them. An export of every type lacks them, and is `partial`.',
  },
  'types-not-asked': {
    stage: 'manifest',
    title: 'The EHR sent types that were not requested',
    advice: 'Nothing needs to be done.',
    help: 'The EHR also sent types that were not requested.',
  },
  'no-capabilities': {
    stage: 'kick-off',
    title: 'The EHR did not describe its capabilities',
    advice:
      'Nothing needs to be done if the export is complete. If the EHR exports only groups, export the group of the connection.',
    help: 'The EHR did not return a CapabilityStatement, so the export used the level that was requested. If the EHR exports only Groups, start it at the level `Group`.',
  },
  'parameter-dropped': {
    stage: 'kick-off',
    title: 'The EHR rejected a part of the request',
    advice: 'Check that the export has what you need. It was made without the rejected part.',
    help: 'The EHR rejected a parameter, a type or a method. The export was made without it.',
  },
  'no-changes': {
    stage: 'kick-off',
    title: 'The EHR returned 404 because nothing has changed',
    advice: 'Nothing needs to be done. Read what the EHR said, if you expected changes.',
    help: 'The EHR returned 404 to a kick-off with `_since`, and accepts the same one without it, so nothing has changed. After three such responses in a row a kick-off without `_since` verifies this. The warning has the text of the EHR, for operators.',
  },
  'since-last-full': {
    stage: 'kick-off',
    title: 'All data is exported, not only changes',
    advice: 'Nothing needs to be done. No earlier export covers everything that is requested now.',
    help: '`since: "last"` exports all data: no earlier export covers these types, or the scopes or the offered types have grown since.',
  },
  'kick-off-repeated': {
    stage: 'kick-off',
    title: 'The export may run twice at the EHR',
    advice: 'Nothing needs to be done. Nothing is stored twice.',
    help: 'The response to the kick-off was lost, so it was sent again. The EHR may run the export twice. Nothing is stored twice.',
  },
  'manifest-entries': {
    stage: 'manifest',
    title: 'Parts of the manifest cannot be used',
    advice: "Contact the EHR's support.",
    help: 'Entries of the manifest have no usable URL.',
  },
  'end-not-proven': {
    stage: 'download',
    title: 'Nothing proves that a file is complete',
    advice: "Ask the EHR's support for files with a length or a count.",
    help: 'The EHR sent a file without length, chunks, compression or count, so nothing proves that it is complete.',
  },
  'export-slow': {
    stage: 'manifest',
    title: 'The EHR takes longer than an hour',
    advice: "Wait, or ask the EHR's support.",
    help: 'The EHR has been exporting for over an hour.',
  },
  'not-deleted': {
    stage: 'end',
    title: 'The EHR keeps the files of the export',
    advice: 'Nothing needs to be done. The EHR deletes them when they expire.',
    help: 'The EHR rejected the deletion of its export. It deletes the export when it expires.',
  },
} as const satisfies Readonly<Record<string, WarningTable[string] & { readonly stage: ExportStage }>>;

/** The warnings that a retried export writes again from a stage on. */
export function warningsFrom(first: ExportStage): WarningCode[] {
  const stages: readonly string[] = exportStages.slice(exportStages.indexOf(first));
  const codes = Object.entries(exportWarnings).filter(([, { stage }]) => stages.includes(stage));
  return codes.map(([code]) => code as keyof typeof exportWarnings);
}

declare module '@bulkhead/base' {
  interface ErrorCodes extends Record<keyof typeof exportError.table, true> {}
  interface WarningCodes extends Record<keyof typeof exportWarnings, true> {}
}
