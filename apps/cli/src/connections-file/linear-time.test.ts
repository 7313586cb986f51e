import { findSuperlinear } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { toConnectionsFile } from './read-connections-file.ts';

const parse = (text: string) => {
  const file = toConnectionsFile(text, { env: {}, folder: '.' });
  // Each mistake is looked up by its path.
  for (const { name } of file.entries)
    file.addFault(name, { path: 'auth.scope', message: 'is not a field of this object' });
};
/** The parser reads a megabyte in a second. */
const smallestBytes = 16_000;

test.each([
  { name: 'a connection', wrap: (run: string) => `connections:\n  A: ${run}` },
  { name: 'a name', wrap: (run: string) => `connections:\n  ? ${run}` },
  { name: 'a quoted text', wrap: (run: string) => `connections:\n  A: "${run}` },
  { name: 'connections', wrap: (run: string) => `connections:\n${run.replaceAll(/^/gm, '  ')}` },
])('a file with a long run in $name is read in time that grows no faster than its size', async ({ wrap }) => {
  expect(await findSuperlinear({ parse, wrap, smallestBytes })).toEqual([]);
});

test('a file of many connections, aliases or levels is read in time that grows no faster than its size', async () => {
  const listElements = ['{"A":{"auth":{"clientSecret":"a"}}}', '*a', '&a 1', '[[[]]]'];
  expect(await findSuperlinear({ parse, wrap: (list) => `connections: ${list}`, listElements, smallestBytes })).toEqual(
    [],
  );
  expect(
    await findSuperlinear({ parse, wrap: (list) => `connections: {A: ${list}}`, listElements, smallestBytes }),
  ).toEqual([]);
});
