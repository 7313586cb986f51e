import { defineErrors } from '@bulkhead/runtime';

export const servedExportError = defineErrors({
  'too-many-served-exports': {
    title: 'Too many exports in a day',
    advice: 'Let the program end the exports that it has read.',
    status: 429,
    retry: { afterMs: 3_600_000 },
    message:
      'You have started 10,000 exports in a day and ended none of them. Send DELETE to the URLs of those that you have read, or wait.',
  },
  'unknown-served-export': {
    title: 'Export not found',
    advice: 'Start a new export.',
    status: 404,
    message:
      'This URL is not that of an export that you have started. It was deleted, or it has expired after a day. Start a new one.',
  },
});

declare module '@bulkhead/runtime' {
  interface ErrorCodes extends Record<keyof typeof servedExportError.table, true> {}
}
