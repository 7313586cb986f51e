import { expect, test } from '@jest/globals';
import mongoose from 'mongoose';
import { earlierVersions, type SourcedVersion } from '../version/resource-document.ts';

const version = (versionId: string): SourcedVersion => ({
  versionId,
  lastUpdated: new Date('2024-06-01T00:00:00Z'),
  deleted: false,
  source: { syncRunId: 's'.repeat(37), stepId: 's'.repeat(100) },
  storedAt: new Date('2024-06-01T01:00:00Z'),
});

test('earlierVersions keeps the last ten versions, newest first', () => {
  const ids = Array.from({ length: 12 }, (_, index) => String(index));
  const kept = ids.reduce<readonly SourcedVersion[]>((earlier, id) => earlierVersions({ ...version(id), earlier }), []);
  expect(kept.map(({ versionId }) => versionId)).toEqual(ids.slice(2).toReversed());
});

test('ten earlier versions fit into the space that the largest document leaves for them', () => {
  const kept = Array.from({ length: 20 }).reduce<readonly SourcedVersion[]>(
    (earlier) => earlierVersions({ ...version('v'.repeat(64)), earlier }),
    [],
  );
  const sizeBytes = mongoose.mongo.BSON.calculateObjectSize({ earlier: kept, revision: 1 });
  expect(sizeBytes).toBeGreaterThan(3000);
  expect(sizeBytes).toBeLessThan(4096);
  // EHRs send version ids that are longer than FHIR allows.
  expect(earlierVersions(version('v'.repeat(10_000)))[0]).not.toHaveProperty('versionId');
});
