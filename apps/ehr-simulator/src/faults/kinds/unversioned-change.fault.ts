import { z } from 'zod';
import { changeFirst } from '../change-first.ts';
import { defineFault } from '../define-fault.ts';

/** For a kick-off: as of its export, the first resource of a type has other content under the same `versionId` and `lastUpdated`. */
export const unversionedChangeFault = defineFault({
  kind: 'unversioned-change',
  fields: { type: z.string() },
  create: ({ type }) => ({
    changeExport: { begin: (practice) => changeFirst({ practice, type, keepMeta: true }) },
  }),
});
