import type { components } from '@bulkhead/client';
import { type CommandGroup, choice, command, emptyList, given, pages, required, text } from '../command.ts';
import { download } from '../download.ts';
import { toErrorText, toErrorTitle } from '../output/coded-text.ts';
import { toSummary } from '../output/output.ts';

type Document = components['schemas']['Document'];

const id = 'the id of the document';

/** Attachments of resources. */
export const documents: CommandGroup = {
  name: 'documents',
  alias: 'document',
  summary: 'attachments of resources, such as reports and letters',
  commands: [
    command({
      name: 'list',
      summary: 'list the documents of a connection, a patient or a resource',
      options: {
        connection: required(text('<id>', 'the connection of the documents')),
        patient: text('<id>', 'only documents of this patient'),
        resourceType: text('<type>', 'only documents of resources of this type'),
        resourceId: text('<id>', 'only documents of the resource with this id'),
        state: choice('<state>', {
          of: ['pending', 'downloading', 'stored', 'failed', 'skipped'],
          description: 'only documents with this state',
        }),
        ...pages('documents', 100),
      },
      examples: [
        'documents list --connection conn_1 --patient patient_1',
        'documents list --connection conn_1 --state failed',
      ],
      async run({ api, provider, output }, { connection: connectionId, limit, cursor, ...filters }) {
        const params = { path: { provider }, query: given({ connectionId, limit, cursor, ...filters }) };
        output.printList(await api.GET('/api/ehr/{provider}/documents', { params }), {
          columns: {
            id: 'id',
            resource: ({ resource }) => `${resource.type}/${resource.id}`,
            title: 'title',
            type: ({ storedType, contentType }) => storedType ?? contentType,
            bytes: 'sizeBytes',
            state: ({ state, error, reason }) => [state, toErrorTitle(error) ?? reason].filter(Boolean).join(': '),
          },
          empty: emptyList({
            names: 'documents',
            filters,
            none: `No documents. They are fetched after an export: bulkhead export start --connection ${connectionId}`,
          }),
        });
      },
    }),
    command({
      name: 'show',
      summary: 'show the metadata of a document',
      args: { id },
      examples: ['documents show doc_1'],
      async run({ api, provider, output }, { id: documentId }) {
        const params = { path: { provider, id: documentId } };
        output.printAnswer(await api.GET('/api/ehr/{provider}/documents/{id}/metadata', { params }), summarize);
      },
    }),
    command({
      name: 'get',
      summary: 'write the content of a document to a file or to the standard output',
      args: { id },
      options: { out: text('<file>', 'the file to write (default: standard output)') },
      examples: ['documents get doc_1 --out report.pdf'],
      async run({ api, provider, stdout }, { id: documentId, out: file }) {
        const params = { path: { provider, id: documentId } };
        const answer = await api.GET('/api/ehr/{provider}/documents/{id}', { params, parseAs: 'stream' });
        await download(answer, { stdout, file });
      },
    }),
    command({
      name: 'retry',
      summary: 'fetch a failed or skipped document again',
      args: { id },
      examples: ['documents retry doc_1'],
      async run({ api, provider, output }, { id: documentId }) {
        const params = { path: { provider, id: documentId } };
        output.printAnswer(await api.POST('/api/ehr/{provider}/documents/{id}/retry', { params }), 'state');
      },
    }),
  ],
};

function summarize(document: Document): string {
  const { id, state, reason, error, resource, notes } = document;
  return toSummary({
    headline: `${id}  ${[state, reason].join(' ').trim()}`,
    fields: {
      title: document.title,
      connection: document.connectionId,
      resource: `${resource.type}/${resource.id}`,
      patient: document.patientId,
      type: document.storedType ?? document.contentType,
      bytes: document.sizeBytes,
      sha256: document.sha256,
      source: document.url ?? document.source,
      completed: document.completedAt,
      error: error && toErrorText(error),
      'text of the EHR': error?.ehrText,
    },
    lists: { Notes: notes },
    next: [state === 'stored' ? `documents get ${id} --out FILE` : `documents retry ${id}`],
  });
}
