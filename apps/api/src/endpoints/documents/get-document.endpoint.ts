import { toDocumentView } from '@bulkhead/documents/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { success } from '../common.schema.ts';
import { auditDocument } from './audit-document.ts';
import { documentExample, documentSchema } from './document.schema.ts';

export const getDocument = defineEndpoint({
  id: 'getDocument',
  method: 'get',
  path: '/api/ehr/:provider/documents/:id/metadata',
  action: 'document.describe',
  access: 'client',
  audited: true,
  summary: 'What is known of a document',
  request: { readBody: 'never' },
  responses: { 200: { description: 'Document', schema: success(documentSchema), example: documentExample } },
  errors: ['unknown-document'],
  async handler({ params, caller: { scope }, services, audit }) {
    const document = await services.documents.find({ ...params, scope });
    auditDocument(audit, document);
    return { data: toDocumentView(document) };
  },
});
