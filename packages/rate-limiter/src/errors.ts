import { defineErrors } from '@bulkhead/runtime';

export const limiterError = defineErrors({
  'daily-budget-used': {
    message:
      'The request budget at the EHR is used up for now. Requests are sent again automatically when it has room.',
  },
  'rate-paused': {
    message:
      'The request budget at the EHR is used up for now. Requests are sent again automatically when it has room.',
  },
});

declare module '@bulkhead/runtime' {
  interface ErrorCodes extends Record<keyof typeof limiterError.table, true> {}
}
