import { documentQuerySchema, quarantineQuerySchema, replayBodySchema } from '@bulkhead/service';
import { z } from 'zod';
import { page, success } from '../../endpoints/common.schema.ts';
import { quarantinedLineExample, quarantinedLineSchema } from '../../endpoints/quarantine/quarantine.schema.ts';
import { resourceQuerySchema } from '../../routes/resource.routes.ts';
import type { OperationGroup } from '../operation.ts';
import { documentSchema, resourceSchema, resourceSourceSchema, searchsetSchema } from '../schemas/document.schema.ts';
import { documentExample, resourceExample, resourceSourcesExample, searchsetExample } from './examples.ts';

const replayedLinesSchema = z.strictObject({ count: z.int().min(0) }).meta({ id: 'ReplayedLines' });

const documents = '/api/ehr/:provider/documents';
const resources = '/api/ehr/:provider/resources/:type';
const fhir = 'application/fhir+json';

const parameter = z.string().optional();
const searchQuerySchema = resourceQuerySchema.extend({
  _id: parameter,
  patient: parameter,
  code: parameter,
  category: parameter,
  status: parameter,
  date: parameter,
  _lastUpdated: parameter,
  _count: z.coerce.number().int().min(1).max(1000).optional(),
  _total: z.enum(['none', 'accurate', 'estimate']).optional(),
  _cursor: parameter,
});

export const resourceOperations: OperationGroup = {
  name: 'Resources',
  description: 'What is stored, as the EHR sent it: docs/reading-resources.md.',
  operations: [
    {
      method: 'get',
      path: resources,
      id: 'searchResources',
      summary: 'Search a type: one page as a Bundle, or every match as NDJSON',
      query: searchQuerySchema,
      answers: {
        200: {
          description: 'A searchset Bundle; with `Accept: application/fhir+ndjson` a resource a line',
          schema: searchsetSchema,
          contentType: fhir,
          example: searchsetExample,
        },
      },
      errors: ['unknown-connection', 'unknown-resource', 'search-too-costly'],
    },
    {
      method: 'get',
      path: `${resources}/:id`,
      id: 'readResource',
      summary: 'A resource',
      query: resourceQuerySchema,
      answers: {
        200: { description: 'The resource', schema: resourceSchema, contentType: fhir, example: resourceExample },
      },
      errors: ['unknown-connection', 'unknown-resource', 'resource-deleted'],
    },
    {
      method: 'get',
      path: `${resources}/:id/sources`,
      id: 'listResourceSources',
      summary: 'Which exports and syncs a resource came from: the stored version first, then up to ten before it',
      query: resourceQuerySchema,
      answers: {
        200: {
          description: 'Versions; also of a resource that the EHR has deleted',
          schema: success(z.array(resourceSourceSchema)),
          example: resourceSourcesExample,
        },
      },
      errors: ['unknown-connection', 'unknown-resource'],
    },
  ],
};

export const documentOperations: OperationGroup = {
  name: 'Documents',
  description: 'The documents of DiagnosticReport and DocumentReference.',
  operations: [
    {
      method: 'get',
      path: documents,
      id: 'listDocuments',
      summary: 'Documents of a connection, a patient or a resource',
      query: documentQuerySchema,
      answers: { 200: { description: 'Documents', schema: page(documentSchema), example: [documentExample] } },
      errors: ['unknown-connection'],
    },
    {
      method: 'get',
      path: `${documents}/:id`,
      id: 'readDocument',
      summary: 'The content of a document',
      headers: z.object({
        range: z.string().optional(),
        'if-none-match': z.string().optional(),
        'if-range': z.string().optional(),
      }),
      answers: {
        200: { description: 'The content', contentType: '*/*' },
        206: { description: 'The part that `Range` asks for', contentType: '*/*' },
        304: { description: 'As `If-None-Match` knows it' },
      },
      errors: ['unknown-document', 'document-not-stored', 'range-not-satisfiable'],
    },
    {
      method: 'get',
      path: `${documents}/:id/metadata`,
      id: 'getDocument',
      summary: 'What is known of a document',
      answers: { 200: { description: 'Document', schema: success(documentSchema), example: documentExample } },
      errors: ['unknown-document'],
    },
    {
      method: 'post',
      path: `${documents}/:id/retry`,
      id: 'retryDocument',
      summary: 'Fetch a failed or skipped document again',
      answers: { 202: { description: 'Taken up again', schema: success(documentSchema), example: documentExample } },
      errors: ['unknown-document', 'nothing-to-retry'],
    },
  ],
};

export const quarantineOperations: OperationGroup = {
  name: 'Quarantine',
  description: 'Lines of files, and entries of searches, that could not be stored.',
  operations: [
    {
      method: 'get',
      path: '/api/ehr/quarantine',
      id: 'listQuarantinedLines',
      summary: 'Lines and entries in the quarantine, with the reason',
      query: quarantineQuerySchema,
      answers: {
        200: { description: 'Lines', schema: page(quarantinedLineSchema), example: [quarantinedLineExample] },
      },
      errors: [],
    },
    {
      method: 'post',
      path: '/api/ehr/quarantine/replay',
      id: 'replayQuarantinedLines',
      summary: 'Store the lines of an export, a file or a sync run again',
      access: 'operator',
      body: { schema: replayBodySchema, example: { exportId: 'job_01a20ebbc9477ed4b36076ce74bec9ba' } },
      answers: { 202: { description: 'Under way', schema: success(replayedLinesSchema), example: { count: 3 } } },
      errors: [],
    },
    {
      method: 'get',
      path: '/api/ehr/quarantine/:id',
      id: 'getQuarantinedLine',
      summary: 'Where a line stood, and why it is here',
      answers: {
        200: { description: 'Line', schema: success(quarantinedLineSchema), example: quarantinedLineExample },
      },
      errors: ['unknown-line'],
    },
    {
      method: 'get',
      path: '/api/ehr/quarantine/:id/line',
      id: 'readQuarantinedLine',
      summary: 'The line itself',
      access: 'operator',
      answers: {
        200: {
          description: 'The bytes as the EHR sent them: of a line over 16 MB the first 16 MB',
          contentType: 'application/octet-stream',
        },
      },
      errors: ['unknown-line', 'line-not-kept'],
    },
    {
      method: 'post',
      path: '/api/ehr/quarantine/:id/replay',
      id: 'replayQuarantinedLine',
      summary: 'Store a line again: as it is, or corrected by the body',
      access: 'operator',
      body: { contentType: 'application/fhir+json', isOptional: true },
      answers: {
        200: {
          description: 'What became of it',
          schema: success(quarantinedLineSchema),
          example: quarantinedLineExample,
        },
      },
      errors: ['unknown-line', 'line-truncated'],
    },
  ],
};
