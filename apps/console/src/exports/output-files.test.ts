import { expect, test } from '@jest/globals';
import type { OutputFile } from '../api/api.ts';
import { groupFailures, mergeFiles } from './output-files.ts';

test('failed files are grouped by error code, the most frequent first', () => {
  const failure = (code: string, message = code) => ({ error: { code, message } });
  const files = [failure('a', 'first'), {}, failure('b'), failure('a', 'second')];
  expect(groupFailures(files)).toEqual([
    { code: 'a', title: 'A', text: 'first', count: 2 },
    { code: 'b', title: 'B', text: 'b', count: 1 },
  ]);
});

const file = (id: string, lines: number) => ({ id, lines }) as OutputFile;

test('a changed file replaces itself in the ledger, and other files stay', () => {
  const files = [file('a', 1), file('b', 2), file('c', 3)];
  expect(mergeFiles({ files, changed: [file('b', 5), file('unknown', 9)] })).toEqual([
    file('a', 1),
    file('b', 5),
    file('c', 3),
  ]);
});
