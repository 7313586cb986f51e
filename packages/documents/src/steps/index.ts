import { fetchDocumentWork } from './fetch-document.job.ts';

export type { DocumentDeps, DocumentRepositories, DocumentSettings } from './deps.ts';
export { documentWork } from './document-work.ts';
export { noteDocuments } from './note-documents.ts';
export { fetchDocumentWork };

export const documentWorks = [fetchDocumentWork] as const;
