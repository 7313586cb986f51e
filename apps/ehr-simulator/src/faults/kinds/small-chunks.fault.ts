import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import { defineFault } from '../define-fault.ts';

/** The body comes in pieces of `bytes`, each a write of its own: with 1, every character of several bytes is split. */
export const smallChunksFault = defineFault({
  kind: 'small-chunks',
  fields: { bytes: z.int().min(1) },
  create: ({ bytes }) => ({
    wire: async function* ({ body, res }) {
      res.socket?.setNoDelay(true);
      for await (const chunk of body) {
        for (let start = 0; start < chunk.length; start += bytes) {
          yield chunk.subarray(start, start + bytes);
          await setImmediate();
        }
      }
    },
  }),
});
