import { findSuperlinear } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { documentFileName } from './document-file-name.ts';
import { attachmentFingerprint } from './steps/note-documents.ts';

test('the file name of a document is computed in time that grows at most linearly with its title', async () => {
  const parse = (title: string) => documentFileName({ title, contentType: title } as never);
  expect(await findSuperlinear({ parse })).toEqual([]);
});

test('the fingerprint of an attachment is computed in time that grows at most linearly with its texts', async () => {
  const parse = (text: string) => attachmentFingerprint({ index: 0, data: text, contentType: text, hash: text }, text);
  expect(await findSuperlinear({ parse })).toEqual([]);
});
