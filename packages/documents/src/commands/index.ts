export {
  createDocumentService,
  type DocumentService,
  documentQuerySchema,
  type OpenedDocument,
} from './document.service.ts';
export { documentViewSchema, toDocumentView } from './document-view.ts';
