import { once } from 'node:events';
import type { Response } from 'express';
import { z } from 'zod';
import { defineFault } from '../define-fault.ts';
import { limitBytes } from '../limit-bytes.ts';

/** The connection stays open and nothing comes: no answer at all, or none after some bytes of the body. */
export const stallFault = defineFault({
  kind: 'stall',
  fields: { afterBytes: z.int().min(0).optional() },
  create: ({ afterBytes }) => {
    if (afterBytes === undefined) {
      return {
        before: async ({ res }) => {
          await untilClosed(res);
          return 'gone';
        },
      };
    }
    return {
      wire: async function* ({ body, res }) {
        yield* limitBytes({ body, maxBytes: afterBytes });
        await untilClosed(res);
      },
    };
  },
});

async function untilClosed(res: Response): Promise<void> {
  if (!res.closed) await once(res, 'close');
}
