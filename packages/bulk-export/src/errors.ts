import { defineErrors, type WarningTable } from '@bulkhead/runtime';

export const exportError = defineErrors({
  'export-already-running': {
    status: 409,
    message: 'The same export is already running for this connection. Wait for it to end, or cancel it first.',
    details: { exportId: 'job_01a20ebbc9477ed4b36076ce74bec9ba' },
  },
  'export-gone': {
    message:
      'The EHR no longer has the export. It expired or was deleted there. Retry the export, which starts a new one at the EHR.',
  },
  'kick-off-window': {
    help: 'The EHR exports a Group once within the `kickOffWindow` of the provider. The export waits until it is over.',
  },
  'export-slots-used': {
    help: 'The EHR runs as many exports of the practice as it allows. The export waits until one of those that the message names has ended at the EHR.',
  },
  'kick-off-under-way': {
    retry: { afterMs: 5000 },
    message: 'Another worker is kicking off this export. This job checks again in a few seconds.',
  },
  'kick-off-timeout': {
    message:
      "The EHR did not accept the export within 48 hours. Check whether another export is stuck there, or contact the EHR's support.",
  },
  'export-timeout': {
    message:
      "The EHR did not finish the export within 48 hours. Retry it. If that happens again, request fewer types or contact the EHR's support.",
  },
  'export-failed-at-ehr': { help: 'The EHR reports that its export failed. A retry starts a new one at the EHR.' },
  'file-attempts': {
    message: 'Gave up after 50 attempts. A line in this file may be crashing the workers. Check their logs.',
  },
  'file-waited-too-long': {
    message: 'For more than a day, the EHR asked to wait and sent nothing. Retry the export later.',
  },
  'count-mismatch': {
    retry: 'later',
    message:
      'The number of resources in the file differs from the number in the manifest. The file is downloaded again.',
    help: 'At every attempt the number of resources in the file differed from the number in the manifest.',
  },
  'file-truncated': {
    retry: 'later',
    message: 'The file ends in the middle of a line, so the rest is missing. The download resumes at that line.',
    help: 'At every attempt the file ended in the middle of a line.',
  },
  'link-ambiguous': {
    message:
      "The EHR refuses the file's link, and the new links in its manifest cannot be assigned to the files. Retry the export, which starts a new one at the EHR.",
  },
  'link-expired': {
    message:
      "The EHR refuses the file's link, and its manifest has no working one. Retry the export, which reads the manifest again. If that fails too, retry once more, which starts a new export at the EHR. If the EHR still refuses, verify that the granted scopes cover the type.",
  },
  'unknown-export': {
    status: 404,
    message:
      'No export has this id. Use the `id` from the response that started it. Ended exports are deleted after a time.',
  },
  'export-ended': {
    status: 409,
    message: 'The export has ended, so there is nothing to cancel. What it stored stays.',
  },
  'nothing-to-retry': {
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
  'all-files-failed': { help: 'None of the files could be stored.' },
  'ledger-incomplete': {
    help: 'The database has fewer files of the export than the manifest had, for example after a backup was restored. A retry starts a new export at the EHR.',
  },
  'too-many-bad-lines': {
    help: 'More than 100 lines of the file, and over 1 % of its lines, are not usable resources. If it is more than 1,000 lines, and half of those that were read, the rest is not read. See the quarantine.',
  },
  'no-valid-lines': {
    message:
      "None of the file's lines is a usable resource. See the reasons in the quarantine, and contact the EHR's support.",
  },
});

export const exportWarnings = {
  'files-failed': 'Files could not be stored. See the ledger.',
  'lines-quarantined': 'Lines are not usable resources. See the quarantine.',
  'watermarks-held':
    'It is in doubt whether all data was received, so the next export with `since: "last"` starts at the same time as this one. `watermarks` in the status has the reasons by type.',
  'count-mismatch':
    'In two downloads, the number of resources in a file differed from the number in the manifest. What was received is stored.',
  'nothing-received': 'A full export contained no resources. The group has no members or does not exist.',
  'time-implausible': 'The transaction time of the EHR is in the future. Compare its clock with yours.',
  'type-not-exported':
    "A requested type is not part of the EHR's exports, see `notExported` in [Providers](providers.md). The export was made without it.",
  'types-unknown': 'The manifest has files without an R4 type. Each of their resources is stored under its own type.',
  'deletions-not-listed':
    'An export of changes had no list of deletions. Resources that were deleted at the EHR stay stored.',
  'deletions-contradicted':
    'The EHR sent resources and also named them as deleted, in one export. They stay stored. Ask its support which is right.',
  'versions-set-back':
    'Resources have an earlier time at the EHR than the version that was stored. The version of the EHR is stored now. It restored a backup, or its clock was ahead before.',
  'ehr-clock-went-back': `The export ends before its own start or before the last export, because the EHR's clock went back. The next export with \`since: "last"\` requests all data.`,
  'since-ignored':
    'Nearly all resources of an export since the last one were unchanged. The EHR seems to ignore `_since`.',
  'reported-by-ehr': 'The EHR reported problems with its export. The warning has their severity and code.',
  'types-missing':
    'The EHR sent no file of a type that was requested. There are no such resources, or the practice withholds them.',
  'types-withheld':
    'The EHR does not provide a type that was requested. The scopes do not cover it, or the EHR does not export it.',
  'types-not-asked': 'The EHR also sent types that were not requested.',
  'no-capabilities':
    'The EHR did not return a CapabilityStatement, so the export used the level that was requested. If the EHR exports only Groups, request `Group`.',
  'parameter-dropped': 'The EHR rejected a parameter, a type or a method. The export was made without it.',
  'since-last-full':
    '`since: "last"` was requested, and all data is exported. No earlier export covers these types, or the scopes or the offered types have grown since.',
  'kick-off-repeated':
    'The response to the kick-off was lost, so it was sent again. The EHR may run the export twice. Nothing is stored twice.',
  'manifest-entries': 'Entries of the manifest have no usable URL.',
  'end-not-proven':
    'The EHR sent a file without length, chunks, compression or count, so nothing proves that it is complete.',
  'export-slow': 'The EHR has been exporting for over an hour.',
  'not-deleted': 'The EHR rejected the deletion of its export. It deletes the export when it expires.',
} as const satisfies WarningTable;

declare module '@bulkhead/runtime' {
  interface ErrorCodes extends Record<keyof typeof exportError.table, true> {}
  interface WarningCodes extends Record<keyof typeof exportWarnings, true> {}
}
