import { defineErrors } from '@bulkhead/base';

export const servedExportError = defineErrors({
  'unknown-served-export': {
    title: 'Export not found',
    advice: 'Start a new export.',
    status: 404,
    message:
      'This URL is not that of an export that you have started. It was deleted, or it has expired after a day. Start a new one.',
  },
});

declare module '@bulkhead/base' {
  interface ErrorCodes extends Record<keyof typeof servedExportError.table, true> {}
}
