import { expect, test } from '@jest/globals';
import { completeUpTo } from './complete-up-to.ts';

const sync = (status: 'COMPLETED' | 'FAILED', createdAt: string) => ({ status, createdAt });

test('a connection is complete up to its oldest watermark', () => {
  const watermarks = [{ until: '2026-01-02T00:00:00Z' }, { until: '2026-01-01T23:00:00-05:00' }];
  expect(completeUpTo(watermarks, [])).toBe('2026-01-02T00:00:00Z');
});

test('a connection that is only synced is complete up to the start of its last completed sync', () => {
  const syncs = [sync('FAILED', '2026-01-03T00:00:00Z'), sync('COMPLETED', '2026-01-02T00:00:00Z')];
  expect(completeUpTo([], syncs)).toBe('2026-01-02T00:00:00Z');
  expect(completeUpTo([], [])).toBeUndefined();
});
