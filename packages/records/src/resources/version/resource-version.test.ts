import { describe, expect, test } from '@jest/globals';
import { compareVersions, contradicts, isSetBack, plausibleTime, type ResourceVersion } from './resource-version.ts';

const base: ResourceVersion = {
  subsetted: false,
  lastUpdated: new Date('2024-01-01T00:00:00Z'),
  versionId: '9',
  deleted: false,
  observedAt: new Date('2024-02-01T00:00:00Z'),
  contentHash: 'b',
};
const later = new Date('2024-01-01T00:00:01Z');
const shownByFull = { isOfFullExport: true, observedAt: new Date('2024-03-01') };

describe('compareVersions', () => {
  test.each<[string, Partial<ResourceVersion>, string]>([
    ['a version with a later lastUpdated', { lastUpdated: later, versionId: '1' }, 'newer'],
    ['a version with a higher versionId, compared as a number', { versionId: '10' }, 'newer'],
    ['a version with a lower versionId', { versionId: '8', observedAt: later }, 'older'],
    ['an incomplete version with a later lastUpdated', { subsetted: true, lastUpdated: later }, 'older'],
    ['the same content observed again later', { observedAt: new Date('2024-03-01') }, 'same'],
    [
      'other content of the same version that was observed later',
      { contentHash: 'a', observedAt: new Date('2024-03-01') },
      'newer',
    ],
    [
      'other content of the same version that was observed earlier',
      { contentHash: 'c', observedAt: new Date('2024-01-01') },
      'older',
    ],
    ['other content observed at the same time, by its hash', { contentHash: 'c' }, 'newer'],
    [
      'an earlier version that a full export showed later',
      { ...shownByFull, lastUpdated: new Date('2023-01-01'), versionId: '3', contentHash: 'a' },
      'newer',
    ],
    [
      'an earlier version that another export showed later',
      { lastUpdated: new Date('2023-01-01'), observedAt: new Date('2024-03-01') },
      'older',
    ],
    ['the same content in a later full export', shownByFull, 'same'],
    ['an incomplete version in a later full export', { ...shownByFull, subsetted: true, contentHash: 'a' }, 'older'],
  ])('compareVersions ranks %s', (_name, change, expected) => {
    expect(compareVersions({ ...base, ...change }, base)).toBe(expected);
  });

  const { versionId: _, ...withoutVersion } = base;
  const tombstone: ResourceVersion = { ...withoutVersion, deleted: true, contentHash: '' };
  const nextExport = new Date('2024-03-01T00:00:00Z');

  test.each<[string, Partial<ResourceVersion>, Partial<ResourceVersion>, string]>([
    ['content of an earlier export', {}, { observedAt: nextExport }, 'older'],
    ['content of the same export', {}, { lastUpdated: later }, 'newer'],
    ['content of a later export, unchanged', { observedAt: nextExport }, { lastUpdated: later }, 'newer'],
    [
      'content of an earlier export that was updated later',
      { lastUpdated: later },
      { observedAt: nextExport },
      'newer',
    ],
  ])('compareVersions(%s, a tombstone) decides by export and by time', (_name, content, deletion, expected) => {
    const [version, deleted] = [
      { ...base, ...content },
      { ...tombstone, ...deletion },
    ];
    expect(compareVersions(version, deleted)).toBe(expected);
    expect(compareVersions(deleted, version)).toBe(expected === 'newer' ? 'older' : 'newer');
  });

  test('compareVersions compares tombstones by their time, then by their export', () => {
    const compare = (change: Partial<ResourceVersion>) => compareVersions({ ...tombstone, ...change }, tombstone);
    expect(compare({})).toBe('same');
    expect(compare({ lastUpdated: later, observedAt: new Date(0) })).toBe('newer');
    expect(compare({ observedAt: nextExport })).toBe('newer');
    expect(compare({ observedAt: new Date(0) })).toBe('older');
  });

  test('compareVersions orders content totally, over all combinations of fields', () => {
    const versions = [false, true].flatMap((subsetted) =>
      [base.lastUpdated, later].flatMap((lastUpdated) =>
        [undefined, '2', '10', '1x', 'x'].flatMap((versionId) =>
          ['a', 'b'].map((contentHash) => ({ ...base, subsetted, lastUpdated, versionId, contentHash })),
        ),
      ),
    ) as ResourceVersion[];
    const opposite = { newer: 'older', older: 'newer', same: 'same' };
    const sorted = versions.toSorted((a, b) => ({ newer: 1, same: 0, older: -1 })[compareVersions(a, b)]);
    for (const [i, left] of sorted.entries()) {
      for (const [j, right] of sorted.entries()) {
        expect(compareVersions(left, right)).toBe(opposite[compareVersions(right, left)]);
        expect(compareVersions(left, right)).toBe(i === j ? 'same' : i > j ? 'newer' : 'older');
      }
    }
  });
});

test('a late version does not replace what a full export has shown since', () => {
  const restored = { ...base, ...shownByFull, lastUpdated: new Date('2023-01-01'), versionId: '3', contentHash: 'a' };
  expect(compareVersions(base, restored)).toBe('older');
  expect(isSetBack(restored, base)).toBe(true);
  expect(isSetBack(base, restored)).toBe(false);
});

test('an export contradicts itself if it names content as deleted, unless the content is later than the deletion', () => {
  const tombstone = { ...base, deleted: true, lastUpdated: later };
  expect([contradicts(base, tombstone), contradicts(tombstone, base)]).toEqual([true, true]);
  const recreated = { ...base, lastUpdated: new Date('2024-01-02') };
  expect(contradicts(recreated, tombstone)).toBe(false);
  expect(contradicts(base, { ...tombstone, observedAt: new Date('2024-03-01') })).toBe(false);
  expect(contradicts(base, base)).toBe(false);
});

describe('plausibleTime', () => {
  const { observedAt } = base;
  const after = (ms: number) => new Date(observedAt.getTime() + ms);

  test.each([
    { name: 'a time long before the export', stated: new Date(0), isTaken: true },
    { name: 'the time of the export', stated: after(0), isTaken: true },
    { name: 'a time after the export, as a local time that ends with Z', stated: after(1), isTaken: false },
    { name: 'an invalid date', stated: new Date(Number.NaN), isTaken: false },
    { name: 'a missing time', stated: undefined, isTaken: false },
  ])('plausibleTime accepts $name: $isTaken', ({ stated, isTaken }) => {
    expect(plausibleTime({ stated, observedAt })).toEqual(isTaken ? stated : observedAt);
  });
});

test.each([
  ['x10', 'x9', 'older'],
  ['99999999999999999999', '100000000000000000000', 'older'],
  ['1x', '2', 'newer'],
  ['x1', '2', 'newer'],
  ['0', '', 'newer'],
])('the versionId "%s" compared with "%s" is %s', (left, right, expected) => {
  expect(compareVersions({ ...base, versionId: left }, { ...base, versionId: right })).toBe(expected);
});
