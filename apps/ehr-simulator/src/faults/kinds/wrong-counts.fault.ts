import { z } from 'zod';
import { changeDocument } from '../change-document.ts';
import { defineFault } from '../define-fault.ts';

/** The manifest's counts are off by `by`, or missing with `omit`; of one type only, where it is named. */
export const wrongCountsFault = defineFault({
  kind: 'wrong-counts',
  fields: { by: z.int().default(1), omit: z.boolean().default(false), type: z.string().optional() },
  create: ({ by, omit, type }) => ({
    changeReply: ({ reply }) =>
      changeDocument({
        reply,
        change: (manifest) => {
          if (!Array.isArray(manifest.output)) return manifest;
          const output = manifest.output.map(({ count, ...file }) => {
            if (type !== undefined && file.type !== type) return { ...file, count };
            return omit ? file : { ...file, count: count + by };
          });
          return { ...manifest, output };
        },
      }),
  }),
});
