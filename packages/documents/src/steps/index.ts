export type { DocumentDeps, DocumentSettings } from './deps.ts';
export { documentWork } from './document-work.ts';
export { withDocuments } from './with-documents.ts';
