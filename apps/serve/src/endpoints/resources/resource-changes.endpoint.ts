import { invalidRequest } from '@bulkhead/base';
import { addressOf, leftSignal, resourceActions, sendLines } from '@bulkhead/http';
import { instant } from '@bulkhead/http/schemas';
import { z } from 'zod';
import { defineEndpoint } from '../../define-endpoint.ts';
import { fhirJson, ndjson, ndjsonTypes, pageCount, pageCursor, resourceQuerySchema, sendFhir } from './fhir-answers.ts';
import { historyExample, historySchema } from './resource-history.endpoint.ts';

const changesQuerySchema = resourceQuerySchema.extend({
  _type: z
    .string()
    .min(1)
    .max(2000)
    .optional()
    .describe('Only these resource types, separated by commas, such as `Patient,Observation`. Default: all types.'),
  _since: instant
    .optional()
    .describe(
      'Only changes that were stored here at this time or later. To continue, send `meta.lastUpdated` of the last answer. Leave it out only if you have nothing yet.',
    ),
  _sort: z
    .literal('_lastUpdated')
    .optional()
    .describe('The oldest change first, so that changes can be applied in their order. There is no other order.'),
  _count: pageCount
    .optional()
    .describe('The number of changes on the page, at most 1000. A page can have slightly more. Default: 100.'),
  _cursor: pageCursor,
});

export const readChanges = defineEndpoint({
  id: 'readChanges',
  route: 'GET /api/ehr/:provider/resources/_history',
  action: resourceActions.search,
  summary: 'List the resources of several types that were stored, changed or deleted since a time',
  description:
    'Returns changes of several types, or of all, the oldest first, so that a copy can be kept current with one request. A page is a FHIR history Bundle: follow its link `next`. With `Accept: application/fhir+ndjson` all changes are streamed, one entry on each line, and the last line is a Bundle without entries that has `meta.lastUpdated`. A response without that line is not complete. A resource that changes meanwhile is listed again. The header `X-History-Until` has `meta.lastUpdated` already at the beginning: a reader that was cut off behind it continues there. Erased resources are listed as deletions. Every read is an event of the audit log. docs/reading-resources.md describes how to keep a copy.',
  request: { query: changesQuerySchema, readBody: 'never' },
  responses: {
    200: {
      description:
        'A page of changes, the oldest first. With `Accept: application/fhir+ndjson`, one entry on each line',
      schema: historySchema,
      contentType: fhirJson,
      example: { ...historyExample, entry: historyExample.entry.toReversed() },
    },
  },
  errors: ['unknown-connection', 'unknown-resource', 'history-expired', 'connection-purged'],
  async handler(input) {
    const { params, query, caller, services, process, audit, request, response } = input;
    const { provider } = params;
    const { scope, apiKey } = caller;
    const { connectionId, _type, _since, _count, _cursor: cursor } = query;
    const signal = leftSignal(response);
    const reference = {
      provider,
      connectionId,
      scope,
      keyId: apiKey.id,
      signal,
      resourceTypes: _type === undefined ? undefined : [...new Set(_type.split(','))],
      since: _since === undefined ? undefined : new Date(_since),
    };
    response.vary('Accept');
    // A client that accepts any type gets the first type of the list.
    const accepted = request.accepts([fhirJson, ...ndjsonTypes]);
    if (accepted === false || accepted === fhirJson) {
      const page = { count: _count ?? 100, cursor, address: addressOf(request) };
      sendFhir(await services.resources.changes({ ...reference, ...page }), { audit, response });
      return;
    }
    checkUnpaged({ _count, _cursor: cursor });
    const { lines, patients, until } = await services.resources.streamChanges(reference);
    audit.addPatients(patients);
    response.set('X-History-Until', until.toISOString());
    await sendLines({ lines, contentType: ndjson, response, signal, slots: process.downloads });
  },
});

function checkUnpaged(paging: Readonly<Record<string, unknown>>): void {
  const given = Object.entries(paging).filter(([, value]) => value !== undefined);
  const message = 'applies to pages, and NDJSON has no pages. Leave it out, or request a Bundle';
  if (given.length > 0) throw invalidRequest(given.map(([path]) => ({ path, message })));
}
