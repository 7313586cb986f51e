import { expect, test } from '@jest/globals';
import { knownIncludeDifferences } from './known-include-differences.ts';

test('a resource that only Bulkhead includes is accepted if HAPI stored all of its sources earlier', () => {
  const resource = (lastUpdated: string) => ({ resourceType: 'Observation', id: 'o', meta: { lastUpdated } });
  const [earlier, target, later] = ['01', '02', '03'].map((day) => resource(`2026-01-${day}T00:00:00.000+00:00`));
  if (!earlier || !target || !later) throw new Error('There are three days.');
  const explained = (what: 'extra' | 'missing', sources: readonly (typeof target)[]) =>
    knownIncludeDifferences.some(({ explains }) => explains({ what, target, sources }));
  expect(explained('extra', [earlier])).toBe(true);
  expect(explained('missing', [earlier])).toBe(false);
  expect(explained('extra', [later])).toBe(false);
  expect(explained('extra', [])).toBe(false);
});
