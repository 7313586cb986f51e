import { documentQuerySchema, toDocumentView } from '@bulkhead/documents/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { page } from '../common.schema.ts';
import { patientOf } from './audit-document.ts';
import { documentExample, documentSchema } from './document.schema.ts';

export const listDocuments = defineEndpoint({
  id: 'listDocuments',
  method: 'get',
  path: '/api/ehr/:provider/documents',
  action: 'document.list',
  access: 'client',
  // The record of a document has its title and its patient.
  audited: true,
  summary: 'Documents of a connection, a patient or a resource',
  request: { query: documentQuerySchema, readBody: 'never' },
  responses: { 200: { description: 'Documents', schema: page(documentSchema), example: [documentExample] } },
  errors: ['unknown-connection'],
  async handler({ params: { provider }, query, caller: { scope }, services, audit }) {
    const { documents, next } = await services.documents.list({ provider, query, scope });
    audit.addPatients([...(query.patient === undefined ? [] : [query.patient]), ...documents.map(patientOf)]);
    return { data: documents.map(toDocumentView), next };
  },
});
