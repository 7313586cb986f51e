export { documentQuerySchema } from './document.schema.ts';
export { createDocumentService, type DocumentService, type OpenedDocument } from './document.service.ts';
export { toDocumentView } from './document-view.ts';
