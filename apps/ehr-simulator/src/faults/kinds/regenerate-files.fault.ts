import { z } from 'zod';
import { changeFirst } from '../change-first.ts';
import { defineFault } from '../define-fault.ts';

/**
 * For a file: the first resource of its type changes now, and the server makes the files of the export anew. The file
 * has other content, in another order, and another ETag than a moment before.
 */
export const regenerateFilesFault = defineFault({
  kind: 'regenerate-files',
  fields: { type: z.string() },
  create: ({ type }) => ({
    before: async ({ req, simulator: { practice, exports } }) => {
      await changeFirst({ practice, type, keepMeta: false });
      const [, exportId = ''] = /\/bulkdata\/([^/]+)\//.exec(req.path) ?? [];
      await exports.regenerate(exportId);
      return undefined;
    },
  }),
});
