import { z } from 'zod';
import { defineFault } from '../define-fault.ts';

/** Headers are set or, with null, left out: no ETag, another ETag, no Content-Length, a nonsensical Retry-After. */
export const headersFault = defineFault({
  kind: 'headers',
  fields: { set: z.record(z.string(), z.string().nullable()) },
  create: ({ set }) => ({
    changeReply: ({ reply }) => {
      const headers: Record<string, string> = { ...reply.headers };
      for (const [name, value] of Object.entries(set)) {
        if (value === null) delete headers[name.toLowerCase()];
        else headers[name.toLowerCase()] = value;
      }
      return { ...reply, headers };
    },
  }),
});
