import { defineErrors } from '@bulkhead/base';

export const runError = defineErrors({
  'record-gone': {
    title: 'The record was deleted',
    advice: 'Nothing needs to be done. Its connection was erased.',
    message: 'The record was deleted in the meantime.',
    help: 'A record of an erased connection was deleted in the meantime. The erasure continues.',
  },
});

declare module '@bulkhead/base' {
  interface ErrorCodes extends Record<keyof typeof runError.table, true> {}
}
