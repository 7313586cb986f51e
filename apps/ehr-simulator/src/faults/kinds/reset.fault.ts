import { z } from 'zod';
import { defineFault } from '../define-fault.ts';
import { flushed } from '../flushed.ts';
import { limitBytes } from '../limit-bytes.ts';

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
        await flushed(res);
        res.socket?.resetAndDestroy();
      },
    };
  },
});
