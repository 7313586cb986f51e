import type { PatientDocument } from '../api/api.ts';
import { errorText } from '../parts/coded-text.ts';

export const documentStates = ['pending', 'downloading', 'stored', 'failed', 'skipped'] as const;

const skipTexts: Readonly<Record<NonNullable<PatientDocument['reason']>, string>> = {
  'documents-off': 'This deployment fetches no documents. Set WORKER_DOCUMENTS to on, then fetch it again.',
  'unusable-url': 'Nothing: the resource has no URL of a document.',
  'content-type': 'This type is not fetched. For audio and video set WORKER_DOCUMENT_MEDIA to on, then fetch it again.',
  'connection-gone': 'Nothing: its connection was deleted.',
  'too-many-attachments':
    'Nothing: the resource has more than 1,000 attachments. This one and all after it are not fetched.',
  'too-large': 'The document is too large. Raise WORKER_DOCUMENT_MAX_MEGABYTES, then fetch it again.',
};

function whyFailed(error: NonNullable<PatientDocument['error']>): string {
  const { title, text } = errorText(error);
  return `${title}. ${text}`;
}

/** What an operator does about a document in its state. */
export function whatToDo({ state, reason, error }: Pick<PatientDocument, 'state' | 'reason' | 'error'>): string {
  if (state === 'failed') return error ? whyFailed(error) : 'The document could not be fetched. Fetch it again.';
  if (state === 'skipped') return reason === undefined ? 'Fetch it again.' : skipTexts[reason];
  return state === 'stored' ? '' : 'Wait. A worker fetches it.';
}
