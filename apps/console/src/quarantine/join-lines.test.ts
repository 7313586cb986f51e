import { expect, test } from '@jest/globals';
import type { QuarantinedLine } from '../api/api.ts';
import { joinLines } from './join-lines.ts';

const line = (fields: Partial<QuarantinedLine>) =>
  ({ connectionId: 'c', runId: 'e1', sha256: 'a', state: 'open', reason: 'no-id', ...fields }) as QuarantinedLine;
const ids = (lines: readonly QuarantinedLine[]) =>
  joinLines(lines).map(({ id, repetitions }) => [id, ...repetitions.map((repetition) => repetition.id)]);

test('an equal line of earlier exports is joined with the newest one', () => {
  const lines = [
    line({ id: '1' }),
    line({ id: '2', sha256: 'b' }),
    line({ id: '3', runId: 'e2' }),
    line({ id: '4', runId: 'e3' }),
  ];
  expect(ids(lines)).toEqual([['1', '3', '4'], ['2']]);
});

test('equal lines of one export stay apart, and each is joined with its own repetitions', () => {
  const lines = [line({ id: '1' }), line({ id: '2' }), line({ id: '3', runId: 'e2' }), line({ id: '4', runId: 'e2' })];
  expect(ids(lines)).toEqual([
    ['1', '3'],
    ['2', '4'],
  ]);
});

test('lines of other connections, in other states, or without content are not joined', () => {
  const lines = [
    line({ id: '1' }),
    line({ id: '2', runId: 'e2', connectionId: 'd' }),
    line({ id: '3', runId: 'e2', state: 'replayed' }),
    line({ id: '4', runId: 'e2', sha256: undefined }),
  ];
  expect(ids(lines)).toEqual([['1'], ['2'], ['3'], ['4']]);
});
