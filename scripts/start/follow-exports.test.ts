import { makeBulkExport } from '@bulkhead/imports/export/testing';
import { expect, test } from '@jest/globals';
import { describeExport } from './follow-exports.ts';

const { counts } = makeBulkExport();

test.each([
  { change: { phase: 'exporting' as const }, expected: 'exporting' },
  {
    change: { phase: 'failed' as const, error: { code: 'internal' as const, message: 'It broke.' } },
    expected: 'failed: It broke.',
  },
  {
    change: { phase: 'completed' as const, counts: { ...counts, promised: 200, stored: 200 } },
    expected: 'completed, stored 200 of 200 resources',
  },
  {
    change: { phase: 'completed' as const, counts: { ...counts, stored: 154 } },
    expected: 'completed, stored 154 resources',
  },
  {
    change: {
      phase: 'completed' as const,
      isPartial: true,
      counts: { ...counts, promised: 200, stored: 154 },
      warnings: [{ code: 'types-missing' as const, message: 'Observation is missing.' }],
    },
    expected: 'completed, stored 154 of 200 resources, partial\n  ! Observation is missing.',
  },
])('describeExport returns "$expected"', ({ change, expected }) => {
  expect(describeExport(makeBulkExport(change))).toBe(expected);
});
