export {
  createDocumentService,
  type DocumentService,
  documentQuerySchema,
  type OpenedDocument,
  toDocumentView,
} from './document.service.ts';
