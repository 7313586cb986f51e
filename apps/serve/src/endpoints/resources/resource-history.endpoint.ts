import { addressOf, leftSignal, resourceActions } from '@bulkhead/http';
import { connectionId as exampleConnectionId, instant, later } from '@bulkhead/http/schemas';
import { z } from 'zod';
import { defineEndpoint } from '../../define-endpoint.ts';
import {
  fhirJson,
  pageCount,
  pageCursor,
  pageLinks,
  resourceExample,
  resourceQuerySchema,
  resourceSchema,
  sendFhir,
} from './fhir-answers.ts';

const historyQuerySchema = resourceQuerySchema.extend({
  _since: instant.describe(
    'Only changes that were stored here at this time or later. To continue, send `meta.lastUpdated` of the last response.',
  ),
  _count: pageCount.default(100).describe('The number of changes on the page. A page can have slightly more.'),
  _cursor: pageCursor,
});

export const historySchema = z
  .strictObject({
    resourceType: z.literal('Bundle').describe('The page is a FHIR Bundle.'),
    type: z.literal('history').describe('The Bundle lists changes.'),
    meta: z
      .strictObject({
        lastUpdated: instant.describe(
          'Every earlier change is listed. Send it as `_since` when you ask for changes the next time.',
        ),
      })
      .describe('Where the next period begins, about two minutes ago. It is the same on all pages.'),
    link: pageLinks,
    entry: z
      .array(
        z.strictObject({
          fullUrl: z.string().describe('The URL of the resource at the EHR.'),
          resource: resourceSchema
            .optional()
            .describe('The stored version. Absent if the resource was deleted at the EHR or erased here.'),
          request: z
            .strictObject({
              method: z
                .enum(['PUT', 'DELETE'])
                .describe('`DELETE` if the resource was deleted at the EHR or erased here.'),
              url: z.string().describe('The type and the id.'),
            })
            .describe('What happened to the resource.'),
          response: z
            .strictObject({
              status: z.enum(['200', '204']).describe('`204` for a deletion.'),
              etag: z.string().optional().describe('The version id of the EHR. Absent if it has no versions.'),
              lastModified: instant.describe('When the version was stored here, to the second.'),
            })
            .describe('The version that the change has led to.'),
        }),
      )
      .optional()
      .describe('The changes. Absent if there are none.'),
  })
  .meta({ id: 'ResourceHistory', description: 'A page of changes: https://hl7.org/fhir/R4/bundle.html#history.' });

export const historyExample = {
  resourceType: 'Bundle',
  type: 'history',
  meta: { lastUpdated: later },
  link: [
    {
      relation: 'self',
      url: `https://bulkhead.example/api/ehr/athenahealth/resources/DiagnosticReport/_history?connectionId=${exampleConnectionId}&_since=2026-11-01T00:00:00Z`,
    },
  ],
  entry: [
    {
      fullUrl: 'https://api.platform.athenahealth.com/fhir/r4/DiagnosticReport/report_123',
      resource: resourceExample,
      request: { method: 'PUT', url: 'DiagnosticReport/report_123' },
      response: { status: '200', etag: 'W/"2"', lastModified: '2026-11-03T07:12:41.000Z' },
    },
    {
      fullUrl: 'https://api.platform.athenahealth.com/fhir/r4/DiagnosticReport/report_122',
      request: { method: 'DELETE', url: 'DiagnosticReport/report_122' },
      response: { status: '204', lastModified: '2026-11-03T07:12:40.000Z' },
    },
  ],
};

export const readResourceHistory = defineEndpoint({
  id: 'readResourceHistory',
  route: 'GET /api/ehr/:provider/resources/:type/_history',
  action: resourceActions.search,
  summary: 'List the resources of a type that were stored, changed or deleted since a time',
  description:
    'Returns a page of changes as a FHIR history Bundle, so that a copy can be kept current. Each resource is listed with its stored version. The next period begins about two minutes before the end of this one, so the latest changes are listed twice. Nothing is sent to the EHR. Every read is an event of the audit log. docs/reading-resources.md describes how to keep a copy.',
  request: { query: historyQuerySchema, readBody: 'never' },
  responses: {
    200: {
      description: 'A page of changes, the newest first',
      schema: historySchema,
      contentType: fhirJson,
      example: historyExample,
    },
  },
  errors: ['unknown-connection', 'unknown-resource', 'history-expired', 'connection-purged'],
  async handler({ params, query, caller: { scope, apiKey }, services, audit, request, response }) {
    const { provider, type: resourceType } = params;
    const { connectionId, _since, _count: count, _cursor: cursor } = query;
    const signal = leftSignal(response);
    const page = { since: new Date(_since), count, cursor, address: addressOf(request), signal };
    const reference = { provider, connectionId, resourceType, scope, keyId: apiKey.id };
    sendFhir(await services.resources.history({ ...reference, ...page }), { audit, response });
  },
});
