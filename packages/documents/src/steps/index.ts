export type { DocumentDeps, DocumentSettings } from './deps.ts';
export { documentWork } from './document-work.ts';
export { failDocument, fetchDocument } from './fetch-document.ts';
export { withDocuments } from './with-documents.ts';
