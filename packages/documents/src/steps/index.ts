export type { DocumentDeps } from './deps.ts';
export type { DocumentSettings } from './document-settings.ts';
export { reviveDocuments } from './ensure-document-jobs.ts';
export { failDocument, fetchDocument } from './fetch-document.ts';
export { withDocuments } from './with-documents.ts';
