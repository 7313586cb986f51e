import { defineFault } from '../define-fault.ts';

/** The server knows no Range: it sends the whole file with 200. */
export const ignoreRangeFault = defineFault({
  kind: 'ignore-range',
  fields: {},
  create: () => ({
    before: async ({ req }) => {
      delete req.headers.range;
      return undefined;
    },
  }),
});
