import { z } from 'zod';
import { defineFault } from '../define-fault.ts';

/** A Retry-After of so many seconds from now, as seconds, as an HTTP-date, or as an `epoch` timestamp (which is wrong). */
export const retryAfterFault = defineFault({
  kind: 'retry-after',
  fields: { seconds: z.int(), as: z.enum(['seconds', 'http-date', 'epoch']).default('seconds') },
  create: ({ seconds, as }) => ({
    changeReply: ({ reply, simulator }) => {
      const atSeconds = Math.ceil(simulator.clock.now() / 1000) + seconds;
      const texts = {
        seconds: String(seconds),
        'http-date': new Date(atSeconds * 1000).toUTCString(),
        epoch: String(atSeconds),
      };
      return { ...reply, headers: { ...reply.headers, 'retry-after': texts[as] } };
    },
  }),
});
