import { defineErrors } from '@bulkhead/runtime';

export const runError = defineErrors({
  'record-gone': {
    message: 'The record was deleted in the meantime.',
    help: 'A record of an erased connection was deleted in the meantime. The erasure continues.',
  },
});

declare module '@bulkhead/runtime' {
  interface ErrorCodes extends Record<keyof typeof runError.table, true> {}
}
