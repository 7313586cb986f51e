import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { defineFault } from '../define-fault.ts';
import { limitBytes } from '../limit-bytes.ts';

/** Lets the bytes before a reset leave the machine: the reset itself would discard what is still queued. */
const flushMs = 20;

/** The connection is reset: at once, or after some bytes of the body. */
export const resetFault = defineFault({
  kind: 'reset',
  fields: { afterBytes: z.int().min(0).optional() },
  create: ({ afterBytes }) => {
    if (afterBytes === undefined) {
      return {
        before: async ({ req }) => {
          req.socket.resetAndDestroy();
          return 'gone';
        },
      };
    }
    return {
      wire: async function* ({ body, res }) {
        yield* limitBytes({ body, maxBytes: afterBytes });
        await setTimeout(flushMs);
        res.socket?.resetAndDestroy();
      },
    };
  },
});
