export type { DocumentDeps, DocumentSettings } from './deps.ts';
export { reviveDocuments } from './document-jobs.ts';
export { failDocument, fetchDocument } from './fetch-document.ts';
export { withDocuments } from './with-documents.ts';
