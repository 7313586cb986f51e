import { expect, test } from '@jest/globals';
import { emptyCheckpoint, type FileCheckpoint } from '../output-file.record.ts';
import { makeBulkExport, makeOutputFile } from '../testing/make-records.ts';
import type { HoldReason } from '../watermarks/watermark.record.ts';
import { unknownType } from '../watermarks/watermark.ts';
import { wholeTypes } from './infer-deletions.ts';

interface Sent {
  readonly checkpoint?: Partial<FileCheckpoint>;
  readonly reasons?: readonly HoldReason[];
  readonly other?: string;
}

/** Of which of two types an export has everything, if it has sent one file of Patient without a fault and one of Goal. */
function whole({ checkpoint, reasons = [], other }: Sent): readonly string[] {
  const file = (type: string, change: Partial<FileCheckpoint> = {}) =>
    makeOutputFile({ type, state: 'completed', checkpoint: { ...emptyCheckpoint, lines: 2, stored: 2, ...change } });
  return wholeTypes({
    record: makeBulkExport(),
    files: [file('Patient'), file('Goal', checkpoint), ...(other === undefined ? [] : [file(other)])],
    decisions: [
      { resourceType: 'Patient', reasons: [] },
      { resourceType: 'Goal', reasons: [...reasons] },
    ],
  });
}

test('an export shows what is missing of the types that it has sent and stored whole', () => {
  expect(whole({})).toEqual(['Patient', 'Goal']);
});

test.each<[string, Sent, readonly string[]]>([
  ['of which a line is in quarantine', { checkpoint: { quarantined: 1 } }, ['Patient']],
  ['of which a line was older than what is stored', { checkpoint: { stale: 1 } }, ['Patient']],
  ['of which a line was withheld', { checkpoint: { withheld: 1 } }, ['Patient']],
  ['of which nothing was stored', { checkpoint: { stored: 0 } }, ['Patient']],
  ['whose watermark is held', { reasons: ['files-failed'] }, ['Patient']],
  ['any of whose lines can be in a file of unknown type', { other: unknownType }, []],
])('an export shows nothing of a type %s', (_, sent, types) => {
  expect(whole(sent)).toEqual(types);
});
