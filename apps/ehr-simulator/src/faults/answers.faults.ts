import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { defineFault, type FaultKind } from './fault.ts';

export const answerFaults: readonly FaultKind[] = [
  /** Delays the answer by `ms`. */
  defineFault({
    kind: 'latency',
    fields: { ms: z.number().min(0) },
    create: ({ ms }) => ({ prepare: () => setTimeout(ms, undefined, { ref: false }) }),
  }),
  /**
   * Answers with any status. `retryAfter` is sent verbatim, so that dates, negative numbers and nonsense can be tested.
   */
  defineFault({
    kind: 'status',
    fields: {
      status: z.int().min(200).max(599),
      retryAfter: z.string().optional(),
      /** A string is sent as it is, everything else as JSON. */
      body: z.unknown().optional(),
      contentType: z.string().optional(),
      headers: z.record(z.string(), z.string()).default({}),
    },
    create: ({ status, retryAfter, body, contentType, headers }) => {
      const isText = typeof body === 'string';
      const answer = {
        status,
        headers: {
          'content-type': contentType ?? (isText ? 'text/plain' : 'application/fhir+json'),
          ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }),
          ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
        },
        ...(isText ? { body: Buffer.from(body) } : { document: body ?? outcome(status) }),
      };
      return { before: async () => answer };
    },
  }),
  /**
   * Sets Retry-After to a time `seconds` from now: as seconds, as an HTTP-date, or as an `epoch` timestamp, which is
   * invalid.
   */
  defineFault({
    kind: 'retry-after',
    fields: { seconds: z.int(), as: z.enum(['seconds', 'http-date', 'epoch']).default('seconds') },
    create: ({ seconds, as }) => ({
      changeReply: (reply, { simulator }) => {
        const atSeconds = Math.ceil(simulator.clock.now() / 1000) + seconds;
        const texts = {
          seconds: String(seconds),
          'http-date': new Date(atSeconds * 1000).toUTCString(),
          epoch: String(atSeconds),
        };
        return { ...reply, headers: { ...reply.headers, 'retry-after': texts[as] } };
      },
    }),
  }),
  /**
   * Sets headers, or removes those that are null: no ETag, another ETag, no Content-Length, a nonsensical Retry-After.
   */
  defineFault({
    kind: 'headers',
    fields: { set: z.record(z.string(), z.string().nullable()) },
    create: ({ set }) => ({
      changeReply: (reply) => {
        const headers: Record<string, string> = { ...reply.headers };
        for (const [name, value] of Object.entries(set)) {
          if (value === null) delete headers[name.toLowerCase()];
          else headers[name.toLowerCase()] = value;
        }
        return { ...reply, headers };
      },
    }),
  }),
  /** Redirects to `to`, or to the same path on the file host, which is another origin that must not receive a token. */
  defineFault({
    kind: 'redirect',
    fields: {
      status: z.union([z.literal(302), z.literal(303), z.literal(307)]).default(307),
      to: z.string().optional(),
    },
    create: ({ status, to }) => ({
      before: async ({ req, simulator }) => {
        // The request was already redirected to the file host.
        if (to === undefined && simulator.isFileHost(req)) return undefined;
        const origin = new URL(simulator.otherEndpoint()).origin;
        return { status, headers: { location: to ?? origin + req.originalUrl } };
      },
    }),
  }),
  /**
   * Executes the request and resets the connection before the answer, for example of a kick-off whose export then runs.
   */
  defineFault({
    kind: 'lost-answer',
    fields: {},
    create: () => ({
      changeReply: (_reply, { req }) => {
        req.socket.resetAndDestroy();
        return 'gone';
      },
    }),
  }),
];

function outcome(status: number) {
  const issue = [{ severity: 'error', code: 'exception', details: { text: `A fault was ordered: ${status}.` } }];
  return { resourceType: 'OperationOutcome', issue };
}
