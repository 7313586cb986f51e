import { z } from 'zod';
import { changeFirst } from '../change-first.ts';
import { defineFault } from '../define-fault.ts';

/** As of this request, the first resource of a type has other content under the same `versionId` and `lastUpdated`. */
export const unversionedChangeFault = defineFault({
  kind: 'unversioned-change',
  fields: { type: z.string() },
  create: ({ type }) => ({
    before: async ({ simulator: { practice } }) => {
      await changeFirst({ practice, type, keepMeta: true });
      return undefined;
    },
  }),
});
