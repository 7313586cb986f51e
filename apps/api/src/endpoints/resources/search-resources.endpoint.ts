import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseRequest } from '@bulkhead/runtime';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { appendFurther } from '../../http/middleware/audit-trail.ts';
import { count, connectionId as exampleConnectionId } from '../common.schema.ts';

/** Names one resource together with its path. */
export const resourceQuerySchema = z.strictObject({
  connectionId: z.string().min(1).max(100).describe('The connection whose resources are read.'),
});

export const fhirJson = 'application/fhir+json';

/** The FHIR specification describes the fields of resources: https://hl7.org/fhir/R4/json.html. */
export const resourceSchema = z
  .looseObject({
    resourceType: z.string().describe('The FHIR resource type.'),
    id: z.string().describe('The id at the EHR.'),
  })
  .meta({ id: 'Resource', description: 'A FHIR R4 resource, as the EHR sent it.' });

export const resourceExample = {
  resourceType: 'DiagnosticReport',
  id: 'report_123',
  status: 'final',
  code: { text: 'Lipid panel' },
};

const ndjson = 'application/fhir+ndjson';
/** Clients of bulk data also use the shorter names. A Bundle would break them. */
const ndjsonTypes = [ndjson, 'application/ndjson', 'application/x-ndjson'];

/** A list is sent as a repeated parameter. A match meets every value. */
const criterion = z.union([z.string(), z.array(z.string()).min(1)]).optional();
const searchQuerySchema = resourceQuerySchema.extend({
  _id: criterion.describe('Ids of resources, separated by commas.'),
  patient: criterion.describe('Only resources of this patient: the id at the EHR, with or without `Patient/`.'),
  code: criterion.describe(
    'A token, such as `http://loinc.org|58410-2` or `58410-2`. Alternatives are separated by commas.',
  ),
  category: criterion.describe('A token, such as `laboratory`.'),
  status: criterion.describe('A code, such as `final`.'),
  date: criterion.describe('A date with an optional prefix, such as `ge2024-01-01`.'),
  _lastUpdated: criterion.describe('When the EHR last changed the resource, as for `date`.'),
  _count: z.coerce
    .number()
    .int()
    .min(1)
    .max(1000)
    .optional()
    .describe('The maximum number of resources of the page, at most 1000. Default: 100.'),
  _total: z
    .enum(['none', 'accurate', 'estimate'])
    .optional()
    .describe('`accurate` counts all matches in `total`. Default: `none`.'),
  _cursor: z.string().optional().describe('The position of a page, from the link `next` of the page before.'),
});

const searchsetSchema = z
  .strictObject({
    resourceType: z.literal('Bundle').describe('The page is a FHIR Bundle.'),
    type: z.literal('searchset').describe('The Bundle is the result of a search.'),
    total: count.optional().describe('The number of all matches. Absent unless `_total` asks for it.'),
    link: z
      .array(
        z.strictObject({
          relation: z.enum(['self', 'next']).describe('`self` or `next`.'),
          url: z.string().describe('The absolute address. Send GET to the link `next` to read on.'),
        }),
      )
      .describe('The address of this page (`self`), and of the following page (`next`) if there is one.'),
    entry: z
      .array(
        z.strictObject({
          fullUrl: z.string().describe('The address of the resource at the EHR.'),
          resource: resourceSchema,
          search: z
            .strictObject({ mode: z.literal('match').describe('It matches the search.') })
            .describe('Why the resource is in the Bundle.'),
        }),
      )
      .optional()
      .describe('The resources of the page. Absent if nothing matches.'),
  })
  .meta({ id: 'Searchset', description: 'One page of a search: https://hl7.org/fhir/R4/bundle.html#searchset.' });

const searchsetExample = {
  resourceType: 'Bundle',
  type: 'searchset',
  link: [
    {
      relation: 'self',
      url: `https://bulkhead.example/api/ehr/athenahealth/resources/DiagnosticReport?connectionId=${exampleConnectionId}`,
    },
  ],
  entry: [
    {
      fullUrl: 'https://api.platform.athenahealth.com/fhir/r4/DiagnosticReport/report_123',
      resource: resourceExample,
      search: { mode: 'match' },
    },
  ],
};

/** Answers a page of a search, or streams all matches. */
export const searchResources = defineEndpoint({
  id: 'searchResources',
  route: 'GET /api/ehr/:provider/resources/:type',
  action: 'resource.search',
  access: 'client',
  summary: 'Search resources of a type: one page as a Bundle, or all matches as NDJSON',
  description:
    'Finds stored resources by FHIR search parameters. Nothing is sent to the EHR. A page is a FHIR Bundle: follow its link `next`. With `Accept: application/fhir+ndjson` all matches are streamed. A comma in a value means "or", and a repeated parameter means "and". docs/reading-resources.md describes the parameters and their limits. Every search is an event of the audit log.',
  request: { searchQuery: searchQuerySchema, readBody: 'never' },
  responses: {
    200: {
      description: 'A searchset Bundle. With `Accept: application/fhir+ndjson`, one resource on each line',
      schema: searchsetSchema,
      contentType: fhirJson,
      example: searchsetExample,
    },
  },
  errors: ['unknown-connection', 'unknown-resource', 'search-too-costly'],
  async handler({ params: { provider, type: resourceType }, caller: { scope }, services, audit, request, response }) {
    const { address, parameters, connectionId } = readAddress(request);
    const signal = leftSignal(response);
    const search = { provider, connectionId, resourceType, scope, parameters, signal };
    response.vary('Accept');
    try {
      // A client that accepts any type gets the first type of the list.
      const accepted = request.accepts([fhirJson, ...ndjsonTypes]);
      if (accepted !== false && accepted !== fhirJson) {
        const onFurther = (further: readonly string[]) => appendFurther(response, further);
        const { lines, patients } = await services.resources.stream({ ...search, onFurther });
        audit.addPatients(patients);
        await sendLines(lines, response);
      } else {
        const { text, patients } = await services.resources.search({ ...search, address });
        audit.addPatients(patients);
        response.set('content-type', fhirJson).send(Buffer.from(text));
      }
    } catch (error) {
      // If the client has left, no answer can be sent.
      if (!signal.aborted) throw error;
    }
  },
});

/** The absolute address of a request. A client can send any Host. The links are for that client only. */
export function addressOf(request: Request): URL {
  const origin = `${request.protocol}://${request.get('host')}`;
  return new URL(request.originalUrl, URL.canParse(origin) ? origin : 'http://localhost');
}

/** Reads the address of the request and its search parameters. */
function readAddress(request: Request) {
  const address = addressOf(request);
  const parameters = new URLSearchParams(address.search);
  const { connectionId } = parseRequest(resourceQuerySchema, {
    connectionId: single(parameters.getAll('connectionId')),
  });
  parameters.delete('connectionId');
  return { address, parameters, connectionId };
}

/** A repeated parameter stays a list, which its schema refuses. */
function single(values: readonly string[]): unknown {
  return values.length > 1 ? values : values[0];
}

/** Reads the first chunk before it sends the headers, so that an error until then is answered with its own status. */
async function sendLines(lines: AsyncIterable<Buffer>, response: Response): Promise<void> {
  const iterator = lines[Symbol.asyncIterator]();
  const first = await iterator.next();
  response.set('content-type', ndjson);
  // Node warns of a leak above 10 listeners. The middleware and this pipeline together add 11.
  response.setMaxListeners(20);
  await pipeline(Readable.from(resume(first, { [Symbol.asyncIterator]: () => iterator })), response);
}

async function* resume(first: IteratorResult<Buffer>, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  if (first.done) return;
  yield first.value;
  yield* rest;
}

/** Aborts if the client leaves before its answer is complete, so that the database stops the search. */
export function leftSignal(response: Response): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
}
