import { expect, test } from '@jest/globals';
import type { BulkExport, SyncRun } from '../api/api.ts';
import { changesSince, changesText } from './changes.ts';

const since = '2026-01-01T08:00:00Z';
const later = '2026-01-01T09:00:00Z';
const earlier = '2026-01-01T07:00:00Z';
const bulkExport = (fields: Partial<BulkExport>, stored = 10) =>
  ({
    status: 'COMPLETED',
    completedAt: later,
    counts: { stored, unchanged: 4, quarantined: 1 },
    ...fields,
  }) as BulkExport;
const sync = (fields: Partial<SyncRun>) => ({ status: 'COMPLETED', completedAt: later, ...fields }) as SyncRun;

test('what ended since a time is counted, exports and syncs together', () => {
  const exports = {
    data: [
      bulkExport({ completedAt: undefined, status: 'IN_PROGRESS' }),
      bulkExport({}),
      bulkExport({ partial: true }),
      bulkExport({ status: 'FAILED' }, 4),
      bulkExport({ completedAt: earlier }),
    ],
    next: 'x',
  };
  const syncs = { data: [sync({ totals: { stored: 5, unchanged: 2 } }), sync({ status: 'CANCELLED' })] };
  expect(changesSince({ since, exports, syncs })).toEqual({
    completed: 2,
    failed: 2,
    changed: 15,
    quarantined: 3,
    isMore: false,
  });
});

test('more may have happened if the newest runs have all ended since', () => {
  const exports = { data: [bulkExport({})], next: 'x' };
  expect(changesSince({ since, exports, syncs: { data: [] } }).isMore).toBe(true);
});

test.each([
  { changes: {}, text: 'No export or sync has ended.' },
  { changes: { completed: 1, changed: 1 }, text: '1 run completed, 1 resource is new or changed.' },
  {
    changes: { completed: 3, failed: 1, changed: 1204, quarantined: 2, isMore: true },
    text: 'At least: 3 runs completed, 1 failed or is incomplete, 1,204 resources are new or changed, 2 lines were quarantined.',
  },
])('what has changed in a sentence: $text', ({ changes, text }) => {
  const none = { completed: 0, failed: 0, changed: 0, quarantined: 0, isMore: false };
  expect(changesText({ ...none, ...changes })).toBe(text);
});
