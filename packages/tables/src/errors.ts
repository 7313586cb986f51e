import { defineErrors } from '@bulkhead/runtime';

export const tableError = defineErrors({
  'unknown-view': {
    status: 404,
    message: 'No view has this name. List the views with GET /api/ehr/{provider}/tables.',
  },
  'invalid-view': {
    status: 422,
    message: 'The view is not valid. Correct what `details` lists and send it again.',
    details: [{ path: 'select.0.column.1.path', message: 'line 1, column 6: `wher()` is not a function of views.' }],
  },
  'view-failed': {
    status: 422,
    message:
      'The column `birth_date` cannot be computed for Patient/p1: it has 2 values where one is allowed. Correct the view, or the resource at the EHR.',
    help: 'A value of a resource does not fit its column, or an expression cannot be computed for it. The message names both. No row is left out or changed, so the table ends here.',
  },
});

declare module '@bulkhead/runtime' {
  interface ErrorCodes extends Record<keyof typeof tableError.table, true> {}
}
