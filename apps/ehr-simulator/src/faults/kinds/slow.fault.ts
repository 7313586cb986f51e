import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { defineFault } from '../define-fault.ts';

/** Often enough that an idle timeout of a second does not fire at any rate. */
const stepMs = 50;

/** The body comes at no more than `bytesPerSecond`. */
export const slowFault = defineFault({
  kind: 'slow',
  fields: { bytesPerSecond: z.int().min(20) },
  create: ({ bytesPerSecond }) => ({
    wire: async function* ({ body, res }) {
      const stepBytes = Math.max(1, Math.floor((bytesPerSecond * stepMs) / 1000));
      for await (const chunk of body) {
        for (let start = 0; start < chunk.length; start += stepBytes) {
          if (res.closed) return;
          yield chunk.subarray(start, start + stepBytes);
          await setTimeout(stepMs);
        }
      }
    },
  }),
});
