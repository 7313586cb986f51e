import { expect, test } from '@jest/globals';
import type { IssueCount } from './bulk-export.record.ts';
import { accountedLines, emptyCheckpoint, sumIssues } from './output-file.record.ts';

test('accountedLines adds up the stored, stale and quarantined lines', () => {
  const checkpoint = { ...emptyCheckpoint, lines: 20, stored: 5, unchanged: 3, stale: 7, quarantined: 2, deleted: 4 };
  expect(accountedLines(checkpoint)).toBe(14);
});

const issue = (change: Partial<IssueCount> = {}): IssueCount => ({
  severity: 'error',
  code: 'exception',
  count: 1,
  ...change,
});

test('the sum of issues has one entry for each severity, code and list of types, the most frequent first', () => {
  const sums = sumIssues([
    issue({ code: 'processing' }),
    issue({ count: 2 }),
    issue({ severity: 'warning', count: 4 }),
    issue({ count: 3 }),
    issue({ types: ['Goal'], count: 7 }),
    issue({ types: ['Goal'] }),
    issue({ types: ['Goal', 'Patient'], count: 6 }),
  ]);
  expect(sums).toEqual([
    issue({ types: ['Goal'], count: 8 }),
    issue({ types: ['Goal', 'Patient'], count: 6 }),
    issue({ count: 5 }),
    issue({ severity: 'warning', count: 4 }),
    issue({ code: 'processing', count: 1 }),
  ]);
});

test('the sum of issues keeps 100 entries with types, and counts further ones as issues of any type', () => {
  const typed = Array.from({ length: 101 }, (_, index) => issue({ types: [`Type${index}`] }));
  const sums = sumIssues([...typed, ...typed]);
  const withTypes = sums.filter(({ types }) => types !== undefined);
  expect(withTypes).toHaveLength(100);
  expect(withTypes.every(({ count }) => count === 2)).toBe(true);
  expect(sums.filter(({ types }) => types === undefined)).toEqual([issue({ count: 2 })]);
});

test('the sum of issues keeps entries with types even if there are many without types', () => {
  const untyped = Array.from({ length: 200 }, (_, index) => issue({ code: `code-${index}` }));
  expect(sumIssues([...untyped, issue({ types: ['Goal'] })])).toContainEqual(issue({ types: ['Goal'] }));
});
