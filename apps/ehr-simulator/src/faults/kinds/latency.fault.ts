import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { defineFault } from '../define-fault.ts';

/** The answer comes `ms` later. */
export const latencyFault = defineFault({
  kind: 'latency',
  fields: { ms: z.number().min(0) },
  create: ({ ms }) => ({
    before: async () => {
      await setTimeout(ms, undefined, { ref: false });
      return undefined;
    },
  }),
});
