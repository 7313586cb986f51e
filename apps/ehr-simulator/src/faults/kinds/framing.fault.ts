import { z } from 'zod';
import { defineFault } from '../define-fault.ts';

/**
 * How the end of a body is told: by `content-length`, by `chunked`, or by the end of the connection (`close`, as HTTP/1.0
 * does). Compressed where `gzip` says so and the client can read it, never with `content-length`.
 */
export const framingFault = defineFault({
  kind: 'framing',
  fields: { as: z.enum(['content-length', 'chunked', 'close']), gzip: z.boolean().default(false) },
  create: ({ as, gzip }) => ({
    changeReply: ({ reply }) => {
      const { 'content-length': length, ...headers } = reply.headers;
      const isZipped = gzip && as !== 'content-length' && (reply.gzip ?? false);
      const kept = as === 'content-length' && length !== undefined ? { 'content-length': length } : {};
      return { ...reply, headers: { ...headers, ...kept }, gzip: isZipped, framing: as };
    },
  }),
});
