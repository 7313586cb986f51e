import { toDocumentView } from '@bulkhead/documents/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { success } from '../common.schema.ts';
import { auditDocument } from './audit-document.ts';
import { documentExample, documentSchema } from './document.schema.ts';

export const retryDocument = defineEndpoint({
  id: 'retryDocument',
  method: 'post',
  path: '/api/ehr/:provider/documents/:id/retry',
  action: 'document.retry',
  access: 'client',
  audited: true,
  summary: 'Fetch a failed or skipped document again',
  request: { readBody: 'never' },
  responses: { 202: { description: 'Taken up again', schema: success(documentSchema), example: documentExample } },
  errors: ['unknown-document', 'nothing-to-retry'],
  async handler({ params, caller: { scope }, services, audit }) {
    auditDocument(audit, await services.documents.find({ ...params, scope }));
    return { data: toDocumentView(await services.documents.retry({ ...params, scope })) };
  },
});
