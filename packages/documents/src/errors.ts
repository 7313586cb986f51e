import { defineErrors } from '@bulkhead/base';

export const documentError = defineErrors({
  'document-mismatch': {
    title: 'The document differs from its description',
    advice: "Fetch the document again. If it still differs, contact the EHR's support.",
    help: 'The document does not have the hash or the size that its resource gives.',
  },
  'document-attempts': {
    title: 'The document failed 50 times',
    advice: 'The document may be crashing the workers. Check their logs, then fetch it again.',
    message: 'Gave up after 50 attempts. The document may be crashing the workers. Check their logs.',
  },
  'document-resource-gone': {
    title: 'The resource of the document was deleted',
    advice: 'Nothing needs to be done. The document can no longer be fetched.',
    message: 'The resource that contained the document was deleted, so the document cannot be fetched.',
  },
  'document-resource-changed': {
    title: 'The resource of the document has changed',
    advice: 'Nothing needs to be done. The document is fetched from the new version.',
    retry: 'later',
    message: 'The resource that contains the document has changed. The document is fetched from the new version.',
  },
  'document-not-base64': {
    title: 'The document cannot be decoded',
    advice: "Check the resource that contains it, and contact the EHR's support.",
    message: "The data inside the resource is not base64. Check the resource, and contact the EHR's support.",
  },
  'document-interrupted': {
    title: 'The download was interrupted',
    advice: 'Nothing needs to be done. The download is repeated.',
    retry: 'later',
    message:
      'The download of the document was interrupted. It is retried, and resumes after the last stored part if the EHR allows that.',
  },
  'document-not-understood': {
    title: 'The EHR sent an incomplete document',
    advice: "Fetch the document again. If that fails too, contact the EHR's support.",
    retry: 'later',
    message: 'The EHR returned FHIR JSON that is not a complete Binary with data. The request is retried.',
  },
  'unknown-document': {
    title: 'Document not found',
    advice: 'Open the list of documents of the connection.',
    status: 404,
    message: 'No document has this id. List the documents with GET /api/ehr/{provider}/documents?connectionId=...',
  },
  'nothing-to-retry': {
    title: 'There is nothing to retry',
    advice: 'Everything that can be stored is stored. Start a new run to get later changes.',
    status: 409,
    message: 'The document is neither failed nor skipped, so there is nothing to retry.',
    of: ['retryDocument'],
  },
  'document-not-stored': {
    title: 'The content is not stored',
    advice: 'See the state of the document, and fetch it again.',
    status: 409,
    message: 'The content of the document is not stored. `details` has its state, and the reason if there is one.',
    details: { state: 'skipped', reason: 'too-large' },
  },
  'document-deleted': {
    title: 'The document was deleted at the EHR',
    advice: 'Delete your copy of it.',
    status: 410,
    message: 'The resource of the document was deleted, or no longer has this attachment. Delete your copy of it.',
    details: { reference: 'DocumentReference/note_1' },
  },
  'document-skipped': {
    title: 'The document was skipped',
    advice: 'See the reason in the list of documents.',
    message: 'The document is skipped. See its reason.',
  },
});

declare module '@bulkhead/base' {
  interface ErrorCodes extends Record<keyof typeof documentError.table, true> {}
}
