export { createDocumentRepository, type StoredVersion } from './document.repository.ts';
export {
  createDocumentContentRepository,
  type DocumentContent,
  type DocumentContentRepository,
  type StoredParts,
} from './document-content.repository.ts';
export type { PatientDocument } from './patient-document.record.ts';
export type { DocumentStore } from './store.ts';
