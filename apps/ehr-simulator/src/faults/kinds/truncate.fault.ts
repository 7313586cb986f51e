import { z } from 'zod';
import { defineFault } from '../define-fault.ts';
import { limitBytes } from '../limit-bytes.ts';

/**
 * A short body. With a Content-Length the connection is closed before it is reached. Without one (compressed, or with
 * `clean`, which leaves the header out) the answer ends like a whole one: only the gzip trailer or the count tells.
 */
export const truncateFault = defineFault({
  kind: 'truncate',
  fields: { afterBytes: z.int().min(0), clean: z.boolean().default(false) },
  create: ({ afterBytes, clean }) => ({
    changeReply: ({ reply }) => {
      const { 'content-length': length, ...headers } = reply.headers;
      if (clean || reply.gzip) return { ...reply, headers };
      return {
        ...reply,
        headers: { ...headers, ...(length ? { 'content-length': length } : {}), connection: 'close' },
      };
    },
    wire: ({ body }) => limitBytes({ body, maxBytes: afterBytes }),
  }),
});
