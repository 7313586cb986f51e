import { openRawWrites } from '@bulkhead/store';
import { openGate, openTestStore } from '@bulkhead/store/testing';
import { testServices, waitFor } from '@bulkhead/testing';
import { afterAll, describe, expect, test } from '@jest/globals';
import mongoose from 'mongoose';
import { createResourceChanges, type ResourceDocument, toTombstone, VersionWriter } from '../index.ts';
import { createResourceStore } from '../store.ts';
import { documentContext, makeDocument } from '../testing/index.ts';

const { store, database, close } = await openTestStore((context) =>
  createResourceStore({ ...context, rawWrites: () => undefined }),
);
afterAll(close);
const { keptOut: keptOutStore } = store;

const since = new Date('2024-01-01T00:00:00Z');
const resourceType = 'Observation';
let connections = 0;

function observation(connectionId: string, id: string, versionId: number): ResourceDocument {
  const lastUpdated = new Date(Date.UTC(2024, 0, 1, 0, 0, versionId)).toISOString();
  const meta = { versionId: String(versionId), lastUpdated };
  return makeDocument({ resourceType, id, meta }, { connectionId });
}

const deletion = (connectionId: string, resourceId: string) =>
  toTombstone({
    resourceId,
    context: { ...documentContext, connectionId, observedAt: new Date('2024-06-02T00:00:00Z') },
  });

/** Reads the changes of a window, as `id version`. */
async function read(options: { readonly connectionId: string; readonly since: Date; readonly delayMs: number }) {
  const { connectionId, delayMs } = options;
  const changes = createResourceChanges(database, { delayMs });
  const window = { since: options.since, until: await changes.settledUntil() };
  const found: string[] = [];
  for await (const { resourceId, deleted, versionId } of changes.read({ connectionId, resourceType, window }))
    found.push(`${resourceId} ${deleted ? 'deleted' : versionId}`);
  return { found, until: window.until };
}

/** Reads into the future, so that everything that is stored is found. */
const readAll = async (connectionId: string) => (await read({ connectionId, since, delayMs: -10_000 })).found;

describe.each([
  { what: 'bytes', open: openRawWrites },
  { what: 'objects', open: async () => undefined },
])('resources that are written as $what', ({ open }) => {
  const write = async (...documents: ResourceDocument[]) => {
    const rawWrites = await open(database);
    await new VersionWriter({ database, gate: openGate, keptOutStore, rawWrites: () => rawWrites }).write(
      resourceType,
      documents,
    );
  };

  test('the newest change is read first, a resource once, a deletion as one, and an unchanged version not again', async () => {
    const connectionId = `conn_order_${++connections}`;
    await write(observation(connectionId, 'a', 1));
    await write(observation(connectionId, 'b', 1));
    await write(observation(connectionId, 'c', 1));
    expect(await readAll(connectionId)).toEqual(['c 1', 'b 1', 'a 1']);
    await write(observation(connectionId, 'a', 2));
    await write(observation(connectionId, 'b', 1));
    await write(deletion(connectionId, 'c'));
    expect(await readAll(connectionId)).toEqual(['c deleted', 'a 2', 'b 1']);
    expect(await readAll('conn_other')).toEqual([]);
  });

  test('a version is in the window of its writing, even if its worker has read the clock long before', async () => {
    const connectionId = `conn_late_${++connections}`;
    await write(observation(connectionId, 'early', 1));
    const first = await waitFor(async () => {
      const page = await read({ connectionId, since, delayMs: 0 });
      return page.found.length > 0 ? page : undefined;
    });
    const late = { ...observation(connectionId, 'late', 1), storedAt: new Date(first.until.getTime() - 3_600_000) };
    await write(late);
    const next = await waitFor(async () => {
      const page = await read({ connectionId, since: first.until, delayMs: 0 });
      return page.found.length > 0 ? page : undefined;
    });
    expect([first.found, next.found]).toEqual([['early 1'], ['late 1']]);
  });

  test('MongoDB ends a write after the time that readers wait for', async () => {
    const connectionId = `conn_limit_${++connections}`;
    const watched = await mongoose.createConnection(testServices().mongodbUri, { monitorCommands: true }).asPromise();
    const limits: unknown[] = [];
    watched.getClient().on('commandStarted', ({ commandName, command }) => {
      if (['insert', 'update'].includes(commandName)) limits.push(Number(command.maxTimeMS));
    });
    const rawWrites = await open(watched);
    const writer = new VersionWriter({ database: watched, gate: openGate, keptOutStore, rawWrites: () => rawWrites });
    await writer.write(resourceType, [observation(connectionId, 'a', 1)]);
    await writer.write(resourceType, [observation(connectionId, 'a', 2)]);
    await watched.close();
    expect(limits).toEqual([60_000, 60_000]);
  });
});

test('a reader who follows while four writers change the same resources ends with what is stored', async () => {
  const connectionId = 'conn_followed';
  // Long enough for a write to be stored on a busy machine. Production waits for two minutes.
  const changes = createResourceChanges(database, { delayMs: 5000 });
  const copy = new Map<string, string>();
  let reached = since;
  const follow = async () => {
    const window = { since: reached, until: await changes.settledUntil() };
    for await (const { resourceId, deleted, versionId } of changes.read({ connectionId, resourceType, window }))
      copy.set(resourceId, deleted ? 'deleted' : `${versionId}`);
    reached = window.until;
  };
  const ids = Array.from({ length: 20 }, (_, index) => `r${index}`);
  const writeVersions = async (first: number) => {
    for (let version = first; version < 60; version += 4) {
      const documents = ids.map((id) => observation(connectionId, id, version));
      await store.resourceWriter.write(resourceType, documents);
      await follow();
    }
  };
  await Promise.all([1, 2, 3, 4].map(writeVersions));
  await store.resourceWriter.write(resourceType, [deletion(connectionId, 'r0'), observation(connectionId, 'r1', 60)]);
  const writtenBy = await createResourceChanges(database, { delayMs: -1000 }).settledUntil();
  await waitFor(async () => {
    await follow();
    return reached >= writtenBy;
  });
  const stored = await database.collection<ResourceDocument>(resourceType).find({ connectionId }).toArray();
  const expected = stored.map(({ resourceId, deleted, versionId }) => [resourceId, deleted ? 'deleted' : versionId]);
  expect([...copy].toSorted()).toEqual(expected.toSorted());
  expect([copy.get('r0'), copy.get('r1'), copy.get('r2')]).toEqual(['deleted', '60', '59']);
}, 60_000);
