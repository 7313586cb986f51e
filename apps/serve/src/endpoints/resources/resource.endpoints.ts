import { isResourceId } from '@bulkhead/fhir';
import { type AuditNotes, endpointGroup, resourceActions } from '@bulkhead/http';
import { at, exportId, instant, later, page, runId } from '@bulkhead/http/schemas';
import { toSourceView } from '@bulkhead/records/commands';
import { pageOf, shortListQuery } from '@bulkhead/store';
import { z } from 'zod';
import { defineEndpoint } from '../../define-endpoint.ts';
import { fhirJson, resourceExample, resourceQuerySchema, resourceSchema, sendFhir } from './fhir-answers.ts';
import { readChanges } from './resource-changes.endpoint.ts';
import { readResourceHistory } from './resource-history.endpoint.ts';
import { searchResources } from './search-resources.endpoint.ts';

const readResource = defineEndpoint({
  id: 'readResource',
  route: 'GET /api/ehr/:provider/resources/:type/:id',
  action: resourceActions.read,
  summary: 'Return a resource',
  description:
    'Returns the stored version of a resource, with every number as the EHR wrote it. Nothing is sent to the EHR. 410 means that the EHR has deleted it. Every read is an event of the audit log.',
  request: { query: resourceQuerySchema, readBody: 'never' },
  responses: {
    200: {
      description: 'The stored version, as the EHR sent it',
      schema: resourceSchema,
      contentType: fhirJson,
      example: resourceExample,
    },
  },
  errors: ['unknown-connection', 'unknown-resource', 'resource-deleted'],
  async handler({ params, query: { connectionId }, caller: { scope }, services, audit, response }) {
    auditPatient(audit, params);
    const { provider, type: resourceType, id: resourceId } = params;
    const reference = { provider, connectionId, resourceType, resourceId, scope };
    sendFhir(await services.resources.read(reference), { audit, response });
  },
});

const resourceSourceSchema = z
  .strictObject({
    versionId: z.string().optional().describe('The version id of the EHR. Absent if it has no versions.'),
    lastUpdated: instant.describe('When the EHR last changed the resource in this version.'),
    deleted: z.boolean().describe('Whether this version is the deletion of the resource.'),
    storedAt: instant.describe('When this version was stored.'),
    source: z
      .union([
        z.strictObject({
          exportId: z.string().describe('The export that stored the version.'),
          fileId: z.string().describe('The file of the export.'),
          line: z.int().min(1).describe('The number of the line in the file, from 1.'),
          level: z
            .string()
            .optional()
            .describe('What was exported: `Patient`, `System` or `Group/` with the id of the Group.'),
        }),
        z.strictObject({
          syncRunId: z.string().describe('The sync run that stored the version.'),
          stepId: z.string().describe('The step of the run.'),
        }),
      ])
      .describe('Where the version came from: a line of an export, or a step of a sync.'),
  })
  .meta({
    id: 'ResourceSource',
    description: 'A stored version of a resource, and the export or sync that stored it.',
  });

const resourceSourcesExample = [
  {
    versionId: '2',
    lastUpdated: at,
    deleted: false,
    storedAt: later,
    source: { exportId, fileId: `${exportId}.3`, line: 812, level: 'Group/a-1.C-195900' },
  },
  {
    versionId: '1',
    lastUpdated: '2026-11-02T08:00:00.000Z',
    deleted: false,
    storedAt: '2026-11-03T07:12:41.002Z',
    source: { syncRunId: runId, stepId: `${runId}.17` },
  },
];

const listResourceSources = defineEndpoint({
  id: 'listResourceSources',
  route: 'GET /api/ehr/:provider/resources/:type/:id/sources',
  action: resourceActions.read,
  summary: 'List the exports and syncs that stored a resource: the current version first, then up to ten earlier ones',
  description:
    'Returns which exports and syncs stored the current version and up to ten earlier ones. The content of earlier versions is not kept. Use it to explain where a value came from.',
  request: { query: resourceQuerySchema.extend(shortListQuery.shape), readBody: 'never' },
  responses: {
    200: page('The versions, the current one first, even if the EHR has deleted the resource', {
      item: resourceSourceSchema,
      example: resourceSourcesExample,
    }),
  },
  errors: ['unknown-connection', 'unknown-resource'],
  async handler({ params, query, caller: { scope }, services, audit }) {
    auditPatient(audit, params);
    const { provider, type: resourceType, id: resourceId } = params;
    const reference = { provider, connectionId: query.connectionId, resourceType, resourceId, scope };
    const { sources, patients } = await services.resources.sources(reference);
    audit.addPatients(patients);
    const { items, next } = pageOf(sources, query);
    return { data: items.map(toSourceView), next };
  },
});

/** A requested patient is recorded in the audit log even if no such patient is stored. */
function auditPatient(audit: AuditNotes, { type, id }: { readonly type: string; readonly id: string }): void {
  if (type === 'Patient' && isResourceId(id)) audit.addPatients([id]);
}

export const resourceEndpoints = endpointGroup({
  name: 'Resources',
  description: 'The stored resources, as the EHR sent them. See docs/reading-resources.md.',
  endpoints: [readChanges, searchResources, readResourceHistory, readResource, listResourceSources],
});
