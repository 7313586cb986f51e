import { expect, test } from '@jest/globals';
import type { OutputFile } from '../api/records.ts';
import { mergeFiles } from './merge-files.ts';

const file = (id: string, lines: number) => ({ id, lines }) as OutputFile;

test('what has changed takes its own place, and nothing else does', () => {
  const files = [file('a', 1), file('b', 2), file('c', 3)];
  expect(mergeFiles({ files, changed: [file('b', 5), file('unknown', 9)] })).toEqual([
    file('a', 1),
    file('b', 5),
    file('c', 3),
  ]);
});
