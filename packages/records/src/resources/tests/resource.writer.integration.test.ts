import type { Resource } from '@bulkhead/fhir';
import { openTestStore } from '@bulkhead/store/testing';
import { afterAll, describe, expect, test } from '@jest/globals';
import { noOutcome, type ResourceDocument, toTombstone } from '../index.ts';
import { resourceFeature } from '../resource.feature.ts';
import { documentContext as context, makeDocument } from '../testing/index.ts';

let line = 0;
/** Of a line of its own, as each resource of the files of exports. */
const nextSource = () => ({ source: { ...context.source, line: ++line } });

function observation(id: string, versionId: number, extra = ''): ResourceDocument {
  const lastUpdated = new Date(Date.UTC(2024, 0, versionId)).toISOString();
  return makeDocument(
    `{"resourceType":"Observation","id":"${id}","meta":{"versionId":"${versionId}","lastUpdated":"${lastUpdated}"}${extra}}`,
    nextSource(),
  );
}

/** The context of the next export after `context`. */
const next = { ...context, observedAt: new Date('2024-06-02T00:00:00Z') };

const { store, close } = await openTestStore((context) =>
  resourceFeature.open({ ...context, rawWrites: () => undefined }),
);
afterAll(close);

async function read(): Promise<Resource[]> {
  const resources = [];
  for await (const resource of store.resourceSearch.stream({ connectionId: 'conn_1', resourceType: 'Observation' }))
    resources.push(resource);
  return resources as Resource[];
}

async function versionOf(id: string): Promise<string | undefined> {
  return (await read()).find((resource) => resource.id === id)?.meta?.versionId;
}

const write = (...documents: ResourceDocument[]) => store.resourceWriter.write('Observation', documents);

test('the resource writer writes new and newer resources only', async () => {
  expect(await write(observation('a', 1), observation('b', 1))).toEqual({ ...noOutcome, written: 2 });
  expect(await write(observation('a', 1), observation('b', 1))).toEqual({ ...noOutcome, unchanged: 2 });
  expect(await write(observation('a', 2), observation('b', 1))).toEqual({ ...noOutcome, written: 1, unchanged: 1 });
  expect(await write(observation('a', 1))).toEqual({ ...noOutcome, stale: 1 });
  expect(await versionOf('a')).toBe('2');
});

test('the resource writer keeps the newest version if a batch contains the same id several times', async () => {
  const outcome = await write(observation('c', 2), observation('c', 3), observation('c', 1), observation('c', 3));
  expect(outcome).toEqual({ written: 1, unchanged: 1, stale: 2, withheld: 0 });
  expect(await versionOf('c')).toBe('3');
});

test('a follower is made once for a file and gets each batch after it was written; if it fails, so does the write', async () => {
  const followers: string[][] = [];
  store.resourceWriter.subscribe(() => {
    const seen: string[] = [];
    followers.push(seen);
    return async ({ documents, outcome }) => {
      const [first] = documents;
      if (!first?.resourceId.startsWith('followed')) return;
      const [stored] = await store.resources.findStored('Observation', documents);
      seen.push(`${first.resourceId} ${outcome.written} ${stored === first._id}`);
      if (first.resourceId === 'followed-badly') throw new Error('The follower failed.');
    };
  });
  const file = store.resourceWriter.ofFile();
  await file.write('Observation', [observation('followed1', 1)]);
  await file.write('Observation', [observation('followed2', 1), observation('followed3', 1)]);
  await expect(file.write('Observation', [observation('followed-badly', 1)])).rejects.toThrow('The follower failed.');
  await write(observation('followed4', 1));
  expect(followers).toEqual([['followed1 1 true', 'followed2 2 true', 'followed-badly 1 true'], ['followed4 1 true']]);
});

test('twelve writers with the versions in any order end with the newest #newest-wins #confluence', async () => {
  const order = [5, 9, 2, 12, 7, 1, 11, 3, 10, 4, 8, 6];
  const outcomes = await Promise.all(
    order.map((version) => write(observation('race', version), observation('race2', version))),
  );
  const accounted = outcomes.reduce((sum, { written, stale, unchanged }) => sum + written + stale + unchanged, 0);
  expect(accounted).toBe(24);
  expect([await versionOf('race'), await versionOf('race2')]).toEqual(['12', '12']);
});

test('equal content without a time of the server is unchanged in the next full export, and is as old as its last observation', async () => {
  const seen = (day: number, status: string) =>
    makeDocument(
      { resourceType: 'Observation', id: 'timeless', status },
      { isOfFullExport: true, observedAt: new Date(Date.UTC(2024, 5, day)), ...nextSource() },
    );
  const at = async () => {
    const stored = await store.resources.read({ ...reference, resourceId: 'timeless' });
    const { status } = (stored?.resource ?? {}) as { readonly status?: string };
    return { status, lastUpdated: stored?.lastUpdated.getUTCDate() };
  };
  const reference = { connectionId: 'conn_1', resourceType: 'Observation' };
  await write(seen(1, 'final'));
  const before = await store.resources.readDocument({ ...reference, resourceId: 'timeless' });
  expect(await write(seen(5, 'final'))).toEqual({ ...noOutcome, unchanged: 1 });
  expect(await at()).toEqual({ status: 'final', lastUpdated: 5 });
  const after = await store.resources.readDocument({ ...reference, resourceId: 'timeless' });
  expect(after).toEqual({ ...before, observedAt: after?.observedAt, lastUpdated: after?.lastUpdated });
  // A file of an export between the two, which comes late.
  expect(await write(seen(3, 'amended'))).toEqual({ ...noOutcome, stale: 1 });
  expect(await write(seen(6, 'amended'))).toEqual({ ...noOutcome, written: 1 });
  expect(await at()).toEqual({ status: 'amended', lastUpdated: 6 });
});

test('an incomplete resource never replaces a complete one #subsetted', async () => {
  await write(observation('d', 1));
  const subsetted = makeDocument(
    '{"resourceType":"Observation","id":"d","meta":{"versionId":"9","lastUpdated":"2025-01-01T00:00:00Z","tag":[{"code":"SUBSETTED"}]}}',
  );
  const dropped = { written: 0, unchanged: 0, stale: 1, incomplete: 1, withheld: 0 };
  expect(await write(subsetted)).toEqual(dropped);
  const { resourceId: _, ...others } = subsetted;
  const ofBatch = [observation('d2', 1), { ...others, resourceId: 'd2', _id: subsetted._id.replace('/d', '/d2') }];
  expect(await write(...ofBatch)).toEqual({ ...dropped, written: 1 });
  // An earlier one would not be stored if it was complete.
  expect(await write({ ...subsetted, lastUpdated: new Date('2023-01-01'), versionId: '0' })).toEqual({
    ...noOutcome,
    stale: 1,
  });
});

test('a file that is delivered late does not restore a deleted resource, and a newer version does #deletions', async () => {
  await write(observation('e', 1));
  expect(await write(toTombstone({ resourceId: 'e', context: next }))).toMatchObject({ written: 1 });
  expect(await versionOf('e')).toBeUndefined();
  expect(await write(observation('e', 2))).toMatchObject({ stale: 1 });
  expect(await versionOf('e')).toBeUndefined();
  const recreated =
    '{"resourceType":"Observation","id":"e","meta":{"versionId":"3","lastUpdated":"2024-06-02T06:00:00Z"}}';
  const later = { observedAt: new Date('2024-06-03T00:00:00Z') };
  expect(await write(makeDocument(recreated, later))).toMatchObject({ written: 1 });
  expect(await versionOf('e')).toBe('3');
});

test('a resource that was deleted and created again between two exports is kept #deletions', async () => {
  const recreated = (id: string) =>
    makeDocument(
      `{"resourceType":"Observation","id":"${id}","meta":{"versionId":"3","lastUpdated":"2024-06-01T18:00:00Z"}}`,
      next,
    );
  const deletedAt = new Date('2024-06-01T12:00:00Z');
  for (const [id, tombstone] of [
    ['k', toTombstone({ resourceId: 'k', context: next })],
    ['l', toTombstone({ resourceId: 'l', deletedAt, context: next })],
  ] as const) {
    await write(observation(id, 1), tombstone);
    expect(await write(recreated(id))).toMatchObject({ written: 1 });
    expect(await write(tombstone)).toMatchObject({ stale: 1 });
    expect(await versionOf(id)).toBe('3');
  }
});

test('a resource that a later export contains unchanged after its deletion is kept #deletions', async () => {
  await write(observation('m', 1));
  await write(toTombstone({ resourceId: 'm', context: next }));
  const { source, now } = context;
  const restored = { ...observation('m', 1), observedAt: new Date('2024-06-03T00:00:00Z'), source, storedAt: now };
  expect(await write(restored)).toMatchObject({ written: 1 });
  expect(await versionOf('m')).toBe('1');
});

test('the resource writer accepts the version of a later export even if the stored version is dated in the future', async () => {
  const line = (lastUpdated: string, status: string) =>
    `{"resourceType":"Observation","id":"f","meta":{"lastUpdated":"${lastUpdated}"},"status":"${status}"}`;
  const wrong = line('2099-01-01T00:00:00Z', 'preliminary');
  await write(makeDocument(wrong));
  const stored = async () => JSON.stringify((await read()).find(({ id }) => id === 'f'));
  expect(await stored()).toBe(wrong);
  const real = line('2024-06-01T12:00:00Z', 'final');
  expect(await write(makeDocument(real, next))).toMatchObject({ written: 1 });
  expect(await stored()).toBe(real);
});

test('the resource writer dates a deletion by the time that the server sent, unless it is in the future', () => {
  const timeOf = (deletedAt: Date) => toTombstone({ resourceId: 'x', deletedAt, context }).lastUpdated;
  expect(timeOf(new Date('2024-05-31T12:00:00Z'))).toEqual(new Date('2024-05-31T12:00:00Z'));
  expect(timeOf(new Date('2024-06-01T00:00:00.001Z'))).toEqual(context.observedAt);
});

test('a resource is read back as it was sent, including number texts and unusual keys #number-text', async () => {
  const line =
    '{"resourceType":"Observation","id":"n","a.b":{"$set":1},"v":[1.50,12345678901234567890,1e2,-0.0,7],"empty":{},"none":[],"nothing":null,"text":"é😀"}';
  await write(makeDocument(line));
  expect(JSON.stringify((await read()).find(({ id }) => id === 'n'))).toBe(line);
});

test('the resource writer records the sources of the ten previous versions when a version is replaced, but not when nothing changes', async () => {
  const from = (line: number) => {
    const source = { exportId: 'job_1', fileId: 'job_1.1', line };
    return { ...observation('h', line), source, storedAt: new Date(Date.UTC(2024, 5, line)) };
  };
  const sources = () =>
    store.resources.readSources({ connectionId: 'conn_1', resourceType: 'Observation', resourceId: 'h' });
  expect(await sources()).toEqual([]);
  await write(from(1));
  const first = { versionId: '1', lastUpdated: new Date(Date.UTC(2024, 0, 1)), deleted: false };
  const origin = { source: from(1).source, storedAt: from(1).storedAt };
  expect(await sources()).toEqual([{ ...first, ...origin }]);
  await write(from(2));
  await write({ ...from(2), source: from(9).source });
  await write(from(1));
  expect(await sources()).toMatchObject([
    { versionId: '2', source: from(2).source },
    { ...first, ...origin },
  ]);
  for (let version = 3; version <= 14; version++) await write(from(version));
  const versions = (await sources()).map(({ versionId, source }) => [versionId, source]);
  expect(versions).toEqual(Array.from({ length: 11 }, (_, index) => [String(14 - index), from(14 - index).source]));
  await write(toTombstone({ resourceId: 'h', context: next }));
  const [current, before] = await sources();
  expect([current?.deleted, current?.versionId, before?.versionId]).toEqual([true, undefined, '14']);
  expect(JSON.stringify(await read())).not.toContain('earlier');
});

test('the resource writer prefers the version of the later export if the resource has no lastUpdated', async () => {
  const line = (value: number) => `{"resourceType":"Observation","id":"u","v":${value}}`;
  const later = { observedAt: new Date('2024-06-02T00:00:00Z') };
  await write(makeDocument(line(2), later));
  expect(await write(makeDocument(line(1)))).toMatchObject({ stale: 1 });
  expect(await write(makeDocument(line(3), { observedAt: new Date('2024-06-03T00:00:00Z') }))).toMatchObject({
    written: 1,
  });
});

describe('an export after the clock of the server went back', () => {
  const wrongTimes = { ...next, hasWrongTimes: true };
  const writer = () => store.resourceWriter.ofFile({ unchanged: 'renewed' });
  const deletion = (resourceId: string) =>
    toTombstone({ resourceId, deletedAt: new Date('2023-01-01'), context: wrongTimes });
  const again = (id: string) => ({ ...observation(id, 1), observedAt: next.observedAt });
  const isShown = async (id: string) => (await versionOf(id)) !== undefined;

  test('its deletion is applied, although its time is before that of the stored version', async () => {
    await write(observation('gone', 1));
    expect(await writer().write('Observation', [deletion('gone')])).toMatchObject({ written: 1 });
    expect(await isShown('gone')).toBe(false);
  });

  test.each(['content', 'deletion'])(
    'a resource that it deletes and contains is kept if its %s comes first',
    async (first) => {
      const id = `back-${first}`;
      const documents = [again(id), deletion(id)];
      await write(observation(id, 1));
      const batches = first === 'content' ? documents : documents.toReversed();
      for (const document of batches) await writer().write('Observation', [document]);
      expect(await isShown(id)).toBe(true);
    },
  );

  test('a version that was observed again is stored once', async () => {
    await write(observation('renewed', 1));
    expect(await writer().write('Observation', [again('renewed')])).toMatchObject({ written: 1 });
    expect(await writer().write('Observation', [again('renewed')])).toMatchObject({ written: 0, unchanged: 1 });
  });
});
