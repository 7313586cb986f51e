export type { DocumentDeps, DocumentSettings } from './deps.ts';
export { failDocument, fetchDocument } from './fetch-document.ts';
export { ensureDocumentJobs, withDocuments } from './with-documents.ts';
