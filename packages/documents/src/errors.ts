import { defineErrors } from '@bulkhead/runtime';

export const documentError = defineErrors({
  'document-mismatch': { help: 'The document does not have the hash or the size that its resource states.' },
  'document-attempts': {
    message: 'Gave up after 50 attempts. The document may be crashing the workers. Check their logs.',
  },
  'document-resource-gone': {
    message: 'The resource that contained the document was deleted, so the document cannot be fetched.',
  },
  'document-resource-changed': {
    retry: 'later',
    message: 'The resource that contains the document has changed. The document is fetched from the new version.',
  },
  'document-not-base64': {
    message: "The data inside the resource is not base64. Check the resource, and contact the EHR's support.",
  },
  'document-interrupted': {
    retry: 'later',
    message:
      'The download of the document was interrupted. It is retried, and resumes after the last stored part if the EHR allows that.',
  },
  'document-not-understood': {
    retry: 'later',
    message: 'The EHR answered with FHIR JSON that is not a complete Binary with data. The request is retried.',
  },
  'unknown-document': {
    status: 404,
    message: 'No document has this id. List the documents with GET /api/ehr/{provider}/documents?connectionId=...',
  },
  'nothing-to-retry': {
    status: 409,
    message: 'The document is neither failed nor skipped, so there is nothing to retry.',
    of: ['retryDocument'],
  },
  'document-not-stored': {
    status: 409,
    message: 'The content of the document is not stored. `details` has its state, and the reason if there is one.',
    details: { state: 'skipped', reason: 'too-large' },
  },
  'document-skipped': { message: 'The document is skipped. Its reason says why.' },
});

declare module '@bulkhead/runtime' {
  interface ErrorCodes extends Record<keyof typeof documentError.table, true> {}
}
