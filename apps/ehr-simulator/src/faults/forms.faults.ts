import { z } from 'zod';
import { requestParameters } from '../export/kick-off-parameters.ts';
import type { Reply } from '../http/reply.ts';
import { defineFault, type FaultKind } from './fault.ts';

/** Forms of requests and of answers that the specification does not have, and that servers want or send. */
export const formFaults: readonly FaultKind[] = [
  /** Refuses a kick-off without this parameter. The OperationOutcome names it. */
  defineFault({
    kind: 'demand-parameter',
    fields: { parameter: z.string(), status: z.int().min(400).max(599).default(400) },
    create: ({ parameter, status }) => ({
      before: async ({ req }) => {
        if (requestParameters(req).some(([name]) => name === parameter)) return undefined;
        const issue = [
          { severity: 'error', code: 'required', details: { text: `Parameter ${parameter} is required.` } },
        ];
        const document = { resourceType: 'OperationOutcome', issue };
        return { status, headers: { 'content-type': 'application/fhir+json' }, document };
      },
    }),
  }),
  /** Sends the status URL as `Location` instead of `Content-Location`. */
  defineFault({
    kind: 'location-header',
    fields: {},
    create: () => ({
      changeReply: (reply) => {
        const { 'content-location': location, ...headers } = reply.headers;
        return location === undefined ? reply : { ...reply, headers: { ...headers, location } };
      },
    }),
  }),
  /** Sends a manifest as a Parameters resource, in which each file is a parameter with parts. */
  defineFault({
    kind: 'parameters-manifest',
    fields: {},
    create: () => ({
      changeReply: (reply) => {
        const manifest = reply.document as Readonly<Record<string, unknown>> | undefined;
        if (!Array.isArray(manifest?.output)) return reply;
        return {
          ...reply,
          document: { resourceType: 'Parameters', parameter: Object.entries(manifest).flatMap(toParameters) },
        };
      },
    }),
  }),
  /** Sends a file of NDJSON as one array, with line breaks inside of resources, or as a Bundle. */
  defineFault({
    kind: 'file-form',
    fields: { as: z.enum(['array', 'pretty', 'pretty-array', 'bundle']) },
    create: ({ as }) => ({
      changeReply: async (reply) => {
        if (reply.status !== 200 || reply.body === undefined) return reply;
        const resources = (await textOf(reply.body)).split('\n').filter((line) => line !== '');
        const { etag: _, 'content-length': _length, ...headers } = reply.headers;
        return { ...reply, headers, body: Buffer.from(formed(resources, as)) };
      },
    }),
  }),
];

function toParameters([name, value]: [string, unknown]): object[] {
  if (!Array.isArray(value)) return [named(name, value)];
  return value.map((entry) => ({
    name,
    part: Object.entries(entry as object).map(([part, content]) => named(part, content)),
  }));
}

function named(name: string, value: unknown): object {
  if (name === 'url' || name === 'request') return { name, valueUri: value };
  if (name === 'transactionTime') return { name, valueInstant: value };
  if (typeof value === 'number') return { name, valueInteger: value };
  return typeof value === 'boolean' ? { name, valueBoolean: value } : { name, valueCode: value };
}

async function textOf(body: NonNullable<Reply['body']>): Promise<string> {
  if (Buffer.isBuffer(body)) return body.toString('utf8');
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** Line breaks after commas keep the text of every number. Those inside of strings are escaped in JSON. */
function pretty(resource: string): string {
  return resource.replace(/^\{/, '{\n  ').replaceAll('","', '",\n  "');
}

function formed(resources: readonly string[], as: 'array' | 'pretty' | 'pretty-array' | 'bundle'): string {
  switch (as) {
    case 'array':
      return `[${resources.join(',')}]`;
    case 'pretty':
      return `${resources.map(pretty).join('\n')}\n`;
    case 'pretty-array':
      return `[\n${resources.map(pretty).join(',\n')}\n]\n`;
    case 'bundle': {
      const entries = resources.map((resource) => `{"resource":${resource}}`);
      return `{"resourceType":"Bundle","type":"collection","entry":[${entries.join(',')}]}`;
    }
  }
}
