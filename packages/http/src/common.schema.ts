import { maxTotal } from '@bulkhead/store';
import { z } from 'zod';
import type { ResponseDescription } from './define-endpoint.ts';
import { httpErrorCodes } from './errors/http-errors.ts';

export const instant = z.iso.datetime({ offset: true });
export const count = z.int().min(0);
export const errorSchema = z
  .strictObject({
    success: z.boolean().describe('`false`: the request failed.'),
    error: z
      .strictObject({
        code: z
          .enum(httpErrorCodes)
          .describe('Stable, so that a program can compare it. docs/errors.md explains the codes.'),
        message: z.string().describe('What happened, and what to do. For people: messages can change.'),
        details: z
          .unknown()
          .optional()
          .describe(
            'Faults by field (`[{ path, message }]`), or ids such as that of a running export. Absent if there are none.',
          ),
      })
      .describe('Why the request failed.'),
  })
  .meta({
    id: 'Error',
    description: 'The shape of every error. Codes are stable. Messages explain what happened and what to do.',
  });

const succeeded = z.boolean().describe('`true`: the request succeeded.');

/** A response with one record, in the envelope of every successful response. */
export function success(
  description: string,
  { data, example }: { readonly data: z.ZodType; readonly example: unknown },
): ResponseDescription {
  return { description, schema: z.strictObject({ success: succeeded, data }), example };
}

/** For the responses with one record of a kind. Each has its own description. */
export function responseWith(record: z.ZodType, example: unknown) {
  return (description: string) => success(description, { data: record, example });
}

const totalSchema = count
  .max(maxTotal)
  .optional()
  .meta({
    description: `The number of all matches. ${maxTotal} means that there are at least so many. Absent unless \`total=true\` asks for it, on later pages, and if the filters have no common index.`,
  });

/** A response with a page of a list. See `packages/store/src/queries/paging.ts`. */
export function page(
  description: string,
  options: {
    readonly item: z.ZodType;
    readonly example: readonly unknown[];
    /** For a list that takes `total`. */
    readonly hasTotal?: boolean;
  },
): ResponseDescription {
  const { item, example, hasTotal = false } = options;
  const data = z.array(item).describe('The entries of the page, in the order that the operation documents.');
  const next = z.string().optional().describe('The `cursor` of the next page. Absent on the last page.');
  const total = hasTotal ? { total: totalSchema } : {};
  return { description, schema: z.strictObject({ success: succeeded, data, next, ...total }), example };
}

/** Ids and instants that the examples of the OpenAPI document share. */
export const connectionId = 'conn_01a20ebbc93978f091b11de7704350e0';
export const exportId = 'job_01a20ebbc9477ed4b36076ce74bec9ba';
export const runId = 'sync_01a20ebbc9477ed4b36076ce74bec9ba';
export const at = '2026-11-24T18:05:17.511Z';
export const later = '2026-11-24T18:05:19.825Z';

/** The response of an endpoint that streams server-sent events. @param events the content of `data`, by the name of the event */
export function eventStreamResponse(
  events: Readonly<Record<string, string>>,
): Readonly<Record<200, ResponseDescription>> {
  const lines = Object.entries(events).map(([name, data]) => `- \`${name}\`: ${data}`);
  const problem = '- `problem`: the `code` and `message` of an error. The stream ends, and a browser reconnects';
  const rule =
    'Each event is sent once with the current state, then again when it changes. `data` is JSON without an envelope. The stream ends after five minutes, and a browser reconnects. After `end` a client should not reconnect.';
  const example = `retry: 2000\n\nevent: ${Object.keys(events)[0]}\ndata: {}\n\n`;
  const description = ['Server-sent events:', '', ...lines, problem, '', rule].join('\n');
  return { 200: { description, contentType: 'text/event-stream', example } };
}
