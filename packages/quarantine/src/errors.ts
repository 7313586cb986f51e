import { defineErrors } from '@bulkhead/runtime';

export const quarantineError = defineErrors({
  'quarantine-full': {
    help: 'The quarantine has 100,000 lines of this export or sync, and takes no more. See their reasons.',
  },
  'unknown-line': {
    status: 404,
    message: 'No line in the quarantine has this id. List the lines with GET /api/ehr/quarantine.',
  },
  'unknown-export': {
    status: 404,
    message:
      'No export and no sync run has this id. Use the `id` from the response that started it. Ended ones are deleted after a time.',
    of: ['replayQuarantinedLines'],
  },
  'unknown-file': {
    status: 404,
    message:
      'No file of an export has this id. Copy the id from the list of files of the export. It is deleted with its export.',
  },
  'line-erased': {
    status: 410,
    message: 'The line belonged to a patient who was erased, so its content was deleted. Only its position is left.',
  },
  'line-not-kept': {
    status: 410,
    message:
      'The quarantine had no room left for lines of this export, so only the position, size and hash of this line were kept. Start a new export after the EHR has fixed its lines.',
  },
  'line-truncated': {
    status: 409,
    message:
      'Only a part of this line was kept, so it cannot be stored as it is. Send the whole corrected line as the body, or start a new export.',
  },
});

declare module '@bulkhead/runtime' {
  interface ErrorCodes extends Record<keyof typeof quarantineError.table, true> {}
}
