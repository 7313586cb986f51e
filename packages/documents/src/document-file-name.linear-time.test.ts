import { findSuperlinear } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { documentFileName } from './document-file-name.ts';

test('the title of a document is read in time that grows no faster than its size', async () => {
  const parse = (title: string) => documentFileName({ title, contentType: title } as never);
  expect(await findSuperlinear({ smallestBytes: 256_000, parse })).toEqual([]);
});
