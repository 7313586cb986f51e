import { findSuperlinear, type Reader } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { compareVersions, plausibleTime } from './resource-version.ts';

const now = new Date('2026-05-01T10:00:00Z');

function version(versionId: string) {
  return { subsetted: false, deleted: false, lastUpdated: now, observedAt: now, contentHash: '', versionId };
}

const parsers: readonly Reader[] = [
  { name: 'lastUpdated', parse: (text) => plausibleTime({ stated: new Date(text), observedAt: now }) },
  { name: 'versionId', parse: (versionId) => compareVersions(version(versionId), version(`${versionId}1`)) },
];

test.each(parsers)('$name is read in time that grows no faster than its size', async ({ parse }) => {
  expect(await findSuperlinear({ parse })).toEqual([]);
});
