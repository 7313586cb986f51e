import { changeDocument } from '../change-document.ts';
import { defineFault } from '../define-fault.ts';

/** OperationOutcomes whose `details` is a string, as athenahealth sends them at times. */
export const stringDetailsFault = defineFault({
  kind: 'string-details',
  fields: {},
  create: () => ({
    changeReply: ({ reply }) =>
      changeDocument({
        reply,
        change: (outcome) => {
          if (!Array.isArray(outcome.issue)) return outcome;
          const issue = outcome.issue.map(({ details, ...rest }) => ({
            ...rest,
            details: details?.text ?? 'Error',
          }));
          return { ...outcome, issue };
        },
      }),
  }),
});
