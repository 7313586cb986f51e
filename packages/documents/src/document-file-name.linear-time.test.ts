import { findSuperlinear } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { documentFileName } from './document-file-name.ts';

test('the file name of a document is computed in time that grows at most linearly with its title', async () => {
  const parse = (title: string) => documentFileName({ title, contentType: title } as never);
  expect(await findSuperlinear({ parse })).toEqual([]);
});
