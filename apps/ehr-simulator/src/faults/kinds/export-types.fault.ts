import { z } from 'zod';
import { defineFault } from '../define-fault.ts';

/** For a kick-off: types that were asked for are left out (`all`, or those named), others come unasked. */
export const exportTypesFault = defineFault({
  kind: 'export-types',
  fields: {
    drop: z.union([z.literal('all'), z.array(z.string())]).default([]),
    add: z.array(z.string()).default([]),
  },
  create: ({ drop, add }) => ({
    changeExport: {
      types: (types) => {
        const kept = types.filter((type) => drop !== 'all' && !drop.includes(type));
        return [...new Set([...kept, ...add])];
      },
    },
  }),
});
