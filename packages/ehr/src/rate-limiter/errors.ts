import { defineErrors } from '@bulkhead/base';

export const limiterError = defineErrors({
  'daily-budget-used': {
    title: 'The request budget of the day is used up',
    advice: 'Nothing needs to be done. Requests continue when the budget has room again.',
    message:
      'The request budget at the EHR is used up for now. Requests are sent again automatically when it has room.',
  },
  'rate-paused': {
    title: 'Requests to the EHR are paused',
    advice: 'Nothing needs to be done. Requests continue when the pause ends.',
    message:
      'The request budget at the EHR is used up for now. Requests are sent again automatically when it has room.',
  },
});

declare module '@bulkhead/base' {
  interface ErrorCodes extends Record<keyof typeof limiterError.table, true> {}
}
