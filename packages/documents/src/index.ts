export { type DocumentStore, documentFeature } from './document.feature.ts';
export type { StoredVersion } from './document.repository.ts';
export type { DocumentContent, DocumentContentRepository, StoredParts } from './document-content.repository.ts';
export { documentError } from './errors.ts';
export type { PatientDocument } from './patient-document.record.ts';
