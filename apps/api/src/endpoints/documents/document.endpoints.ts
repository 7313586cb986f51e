import { documentQuerySchema, documentViewSchema, toDocumentView } from '@bulkhead/documents/commands';
import { auditDocument, documentActions, endpointGroup } from '@bulkhead/http';
import { at, connectionId, later, page, responseWith } from '@bulkhead/http/schemas';
import { defineEndpoint } from '../../define-endpoint.ts';

const documentExample = {
  id: 'doc_7b1d3a0c5f2e4d6b',
  connectionId,
  resource: { type: 'DiagnosticReport', id: 'report_123', versionId: '1' },
  patientId: 'a-195900.E-1',
  index: 0,
  source: 'url',
  url: 'https://api.platform.athenahealth.com/fhir/r4/Binary/a-195900.pdf-1-1',
  contentType: 'application/pdf',
  title: 'Lipid panel',
  state: 'stored',
  sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  sizeBytes: 20_480,
  storedType: 'application/pdf',
  notes: [],
  attempts: 1,
  createdAt: at,
  startedAt: at,
  completedAt: later,
};

const documentResponse = responseWith(documentViewSchema, documentExample);

const listDocuments = defineEndpoint({
  id: 'listDocuments',
  route: 'GET /api/ehr/:provider/documents',
  action: documentActions.list,
  summary: 'List the documents of a connection, a patient or a resource',
  description:
    'Returns the attachments of DiagnosticReport and DocumentReference, and whether their content is stored. Documents are listed in the order of their ids.',
  request: { query: documentQuerySchema, readBody: 'never' },
  responses: {
    200: page('A page of documents, in the order of their ids', {
      item: documentViewSchema,
      example: [documentExample],
      hasTotal: true,
    }),
  },
  errors: ['unknown-connection'],
  async handler({ params: { provider }, query, caller: { scope, view }, services, audit }) {
    const { items, next, total } = await services.documents.list({ provider, query, scope });
    audit.addPatients(query.patient === undefined ? [] : [query.patient]);
    for (const document of items) auditDocument(audit, document);
    return { data: items.map((document) => toDocumentView(document, view)), next, total };
  },
});

const getDocument = defineEndpoint({
  id: 'getDocument',
  route: 'GET /api/ehr/:provider/documents/:id/metadata',
  action: documentActions.describe,
  summary: 'Return the metadata of a document',
  description:
    'Returns what the resource contains about the attachment, the state of its content, and why it is not stored if it is not.',
  request: { readBody: 'never' },
  responses: { 200: documentResponse('The metadata and the state of the content') },
  errors: ['unknown-document', 'unknown-connection'],
  async handler({ params, caller: { scope, view }, services, audit }) {
    const document = await services.documents.find({ ...params, scope });
    auditDocument(audit, document);
    return { data: toDocumentView(document, view) };
  },
});

const retryDocument = defineEndpoint({
  id: 'retryDocument',
  route: 'POST /api/ehr/:provider/documents/:id/retry',
  action: documentActions.retry,
  summary: 'Fetch a failed or skipped document again',
  description:
    'Fetches a document that failed or was skipped, for example after the limit for documents was raised. Read its metadata to see the result.',
  request: { readBody: 'never' },
  responses: { 202: documentResponse('The document will be fetched again') },
  errors: ['unknown-document', 'unknown-connection', 'nothing-to-retry'],
  async handler({ params, caller: { scope, view }, services, audit }) {
    auditDocument(audit, await services.documents.find({ ...params, scope }));
    const data = toDocumentView(await services.retryDocument({ ...params, scope }), view);
    return { data, location: `/api/ehr/${params.provider}/documents/${params.id}/metadata` };
  },
});

export const documentEndpoints = endpointGroup({
  name: 'Documents',
  description: 'The documents of DiagnosticReport and DocumentReference.',
  endpoints: [listDocuments, getDocument, retryDocument],
});
