import { z } from 'zod';
import { defineFault } from '../define-fault.ts';

/** Any status instead of an answer; `retryAfter` is sent verbatim, so dates, negatives and nonsense can be tried. */
export const statusFault = defineFault({
  kind: 'status',
  fields: {
    status: z.int().min(200).max(599),
    retryAfter: z.string().optional(),
    /** A text is sent as it is, anything else as JSON. */
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
});

function outcome(status: number) {
  const issue = [{ severity: 'error', code: 'exception', details: { text: `A fault was ordered: ${status}.` } }];
  return { resourceType: 'OperationOutcome', issue };
}
