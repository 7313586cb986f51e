import { defineErrors } from '@bulkhead/base';

export const quarantineError = defineErrors({
  'quarantine-full': {
    title: 'The quarantine of this run is full',
    advice: 'See the reasons of its lines. Fix the cause, then start a new run.',
    fixedAt: 'quarantine',
    help: 'The quarantine has 100,000 lines of this export or sync, and takes no more. See their reasons.',
  },
  'unknown-line': {
    title: 'Line not found',
    advice: 'Open the quarantine. Lines are deleted together with their export.',
    status: 404,
    message: 'No line in the quarantine has this id. List the lines with GET /api/ehr/quarantine.',
  },
  'unknown-export': {
    title: 'Export not found',
    advice: 'Open the list of exports. Exports that have ended are deleted after some time.',
    status: 404,
    message:
      'No export and no sync run has this id. Use the `id` from the response that started it. Ended ones are deleted after some time.',
    of: ['replayQuarantinedLines'],
  },
  'unknown-file': {
    title: 'File not found',
    advice: 'Open the list of files of the export. Files are deleted together with their export.',
    status: 404,
    message:
      'No file of an export has this id. Copy the id from the list of files of the export. It is deleted with its export.',
  },
  'line-erased': {
    title: 'The line belonged to an erased patient',
    advice: 'Nothing can be done. Only the position of the line is kept.',
    status: 410,
    message: 'The line belonged to a patient who was erased, so its content was deleted. Only its position was kept.',
  },
  'line-not-kept': {
    title: 'The content of the line was not kept',
    advice: 'Start a new export after the EHR has fixed its lines.',
    status: 410,
    message:
      'The quarantine had no room left for lines of this export, so only the position, size and hash of this line were kept. Start a new export after the EHR has fixed its lines.',
  },
  'line-truncated': {
    title: 'Only a part of the line was kept',
    advice: 'Enter the whole corrected line, or start a new export.',
    status: 409,
    message:
      'Only a part of this line was kept, so it cannot be stored as it is. Send the whole corrected line as the body, or start a new export.',
  },
});

declare module '@bulkhead/base' {
  interface ErrorCodes extends Record<keyof typeof quarantineError.table, true> {}
}
