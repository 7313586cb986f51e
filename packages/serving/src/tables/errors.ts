import { defineErrors } from '@bulkhead/base';

export const tableError = defineErrors({
  'unknown-view': {
    title: 'The view does not exist',
    advice: 'Choose one of the listed views.',
    status: 404,
    message: 'No view has this name. List the views with GET /api/ehr/{provider}/tables.',
  },
  'invalid-view': {
    title: 'The view is not valid',
    advice: 'Correct the ViewDefinition at the place that is given, and send it again.',
    status: 422,
    help: 'The view is not a ViewDefinition. `details` lists each fault with its place in the view, and the line and column in an expression.',
    examples: [
      {
        message:
          '`select.0.column.1.path` of the view is not valid: line 1, column 6: `wher()` is not a function of views. Correct it and send it again.',
        details: [
          { path: 'select.0.column.1.path', message: 'line 1, column 6: `wher()` is not a function of views.' },
        ],
      },
    ],
  },
  'view-too-costly': {
    title: 'The view is too costly',
    advice: 'Combine fewer lists in the view, or make shorter texts.',
    status: 422,
    help: 'What a view computes has a limit for each resource and for the whole table, and so have the bytes of the table. The message has the limit, and `details` the resource at which it was reached.',
    examples: [
      {
        message:
          'The rows of Observation/o1 cannot be computed. The view needs too many steps: the rows of a resource may have 1,000,000. A step is a part of an expression, an item of a list, a cell, or 16 characters of a text. Combine fewer lists, or make shorter texts.',
        details: { resourceType: 'Observation', resourceId: 'o1' },
      },
    ],
  },
  'view-failed': {
    title: 'A value does not fit its column',
    advice: 'Change the column, or correct the resource in the EHR and import it again.',
    status: 422,
    help: 'A value of a resource does not fit its column, or an expression cannot be computed for it. The message has the column, and `details` the resource. Only `$viewdefinition-run` ends there: other tables have no value, and a reason in their column `rejects`.',
    examples: [
      {
        message:
          'The column `last_name` of a Patient, whose id is in `details`, cannot be computed. It has 2 values where one is allowed. Change the view, or correct the resource at the EHR and import it again.',
        details: { resourceType: 'Patient', resourceId: 'p1', column: 'last_name' },
      },
    ],
  },
});

declare module '@bulkhead/base' {
  interface ErrorCodes extends Record<keyof typeof tableError.table, true> {}
}
