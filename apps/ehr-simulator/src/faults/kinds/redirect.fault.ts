import { z } from 'zod';
import { defineFault } from '../define-fault.ts';

/** A redirect: to `to`, or to the same path at the file host, another origin that must not see a token. */
export const redirectFault = defineFault({
  kind: 'redirect',
  fields: { status: z.union([z.literal(302), z.literal(303), z.literal(307)]).default(307), to: z.string().optional() },
  create: ({ status, to }) => ({
    before: async ({ req, simulator }) => {
      // It has arrived.
      if (to === undefined && simulator.isFileHost(req)) return undefined;
      const origin = new URL(simulator.otherEndpoint()).origin;
      return { status, headers: { location: to ?? origin + req.originalUrl } };
    },
  }),
});
