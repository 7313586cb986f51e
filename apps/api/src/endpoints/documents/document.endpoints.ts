import { endpointGroup } from '../../http/endpoint-group.ts';
import { getDocument } from './get-document.endpoint.ts';
import { listDocuments } from './list-documents.endpoint.ts';
import { readDocument } from './read-document.endpoint.ts';
import { retryDocument } from './retry-document.endpoint.ts';

export const documentEndpoints = endpointGroup({
  name: 'Documents',
  description: 'The documents of DiagnosticReport and DocumentReference.',
  endpoints: [listDocuments, readDocument, getDocument, retryDocument],
});
