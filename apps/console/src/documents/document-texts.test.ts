import { expect, test } from '@jest/globals';
import { whatToDo } from './document-texts.ts';

test.each([
  { document: { state: 'stored' }, text: '' },
  { document: { state: 'pending' }, text: 'Wait. A worker fetches it.' },
  { document: { state: 'downloading' }, text: 'Wait. A worker fetches it.' },
  {
    document: { state: 'failed', error: { code: 'internal', message: 'The EHR is down.' } },
    text: 'Unexpected error. The EHR is down.',
  },
  { document: { state: 'failed' }, text: 'The document could not be fetched. Fetch it again.' },
  { document: { state: 'skipped', reason: 'unusable-url' }, text: /^Nothing/ },
  { document: { state: 'skipped', reason: 'too-large' }, text: /Raise WORKER_DOCUMENT_MAX_MEGABYTES/ },
] as const)('a document that is $document.state says what to do: $text', ({ document, text }) => {
  if (typeof text === 'string') expect(whatToDo(document)).toBe(text);
  else expect(whatToDo(document)).toMatch(text);
});
