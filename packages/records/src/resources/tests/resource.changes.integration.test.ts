import { ByteBudget } from '@bulkhead/base';
import { Database, openRawWrites } from '@bulkhead/store';
import { openGate, openTestStore } from '@bulkhead/store/testing';
import { testServices, waitFor } from '@bulkhead/testing';
import { afterAll, describe, expect, test } from '@jest/globals';
import mongoose from 'mongoose';
import { readHistory } from '../commands/read-history.ts';
import { ResourceChangeRepository, type ResourceDocument, toTombstone, VersionWriter } from '../index.ts';
import { resourceFeature } from '../resource.feature.ts';
import { documentContext, makeDocument } from '../testing/index.ts';

const { store, database, close } = await openTestStore((context) =>
  resourceFeature.open({ ...context, rawWrites: () => undefined }),
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

/** Reads the changes since a time, the newest first, as `id version`. */
async function read(options: { readonly connectionId: string; readonly since: Date }): Promise<string[]> {
  const found: string[] = [];
  const changes = store.resourceChanges.readNewestFirst({ ...options, resourceType });
  for await (const { resourceId, deleted, versionId } of changes)
    found.push(`${resourceId} ${deleted ? 'deleted' : versionId}`);
  return found;
}

const readAll = (connectionId: string) => read({ connectionId, since });

describe.each([
  { what: 'bytes', open: openRawWrites },
  { what: 'objects', open: async () => undefined },
])('resources that are written as $what', ({ open }) => {
  const write = async (...documents: ResourceDocument[]) => {
    const rawWrites = await open(database);
    await new VersionWriter({
      database: new Database(database),
      gate: openGate,
      keptOutStore,
      rawWrites: () => rawWrites,
    }).write(resourceType, documents);
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

  test('a version is read after the time at which it was written, even if its worker has read the clock long before', async () => {
    const connectionId = `conn_late_${++connections}`;
    await write(observation(connectionId, 'early', 1));
    const early = await readAll(connectionId);
    const next = await waitFor(async () => {
      const until = await new ResourceChangeRepository(new Database(database), { delayMs: 0 }).settledUntil();
      return (await read({ connectionId, since: until })).length === 0 ? until : undefined;
    });
    const late = { ...observation(connectionId, 'late', 1), storedAt: new Date(next.getTime() - 3_600_000) };
    await write(late);
    expect([early, await read({ connectionId, since: next })]).toEqual([['early 1'], ['late 1']]);
  });

  test('MongoDB ends a write after the time that readers wait for', async () => {
    const connectionId = `conn_limit_${++connections}`;
    const watched = await mongoose.createConnection(testServices().mongodbUri, { monitorCommands: true }).asPromise();
    const limits: unknown[] = [];
    watched.getClient().on('commandStarted', ({ commandName, command }) => {
      if (['insert', 'update'].includes(commandName) && command[commandName] === resourceType)
        limits.push(Number(command.maxTimeMS));
    });
    const rawWrites = await open(watched);
    const writer = new VersionWriter({
      database: new Database(watched),
      gate: openGate,
      keptOutStore,
      rawWrites: () => rawWrites,
    });
    await writer.write(resourceType, [observation(connectionId, 'a', 1)]);
    await writer.write(resourceType, [observation(connectionId, 'a', 2)]);
    await watched.close();
    expect(limits).toEqual([60_000, 60_000]);
  });
});

describe.each([
  { what: 'in order', maxRemembered: undefined },
  { what: 'once', maxRemembered: 100_000 },
  { what: 'once, with more resources than are remembered', maxRemembered: 5 },
])('a reader who reads changes $what while four writers change the same resources', ({ what, maxRemembered }) => {
  test('ends with what is stored', async () => {
    const connectionId = `conn_followed_${what.length}`;
    // Long enough for a write to be stored on a busy machine. Production waits for two minutes.
    const changes = new ResourceChangeRepository(new Database(database), {
      delayMs: 5000,
      maxRemembered: maxRemembered ?? 1,
    });
    const copy = new Map<string, string>();
    let reached = since;
    const { signal } = new AbortController();
    const follow = async () => {
      const until = await changes.settledUntil();
      const reference = { connectionId, since: reached, signal };
      const listed: string[] = [];
      const found =
        maxRemembered === undefined
          ? changes.readInOrder({ ...reference, resourceTypes: [resourceType] })
          : changes.readOnce({ ...reference, resourceType });
      for await (const { resourceId, deleted, versionId } of found) {
        copy.set(resourceId, deleted ? 'deleted' : `${versionId}`);
        listed.push(resourceId);
      }
      if (maxRemembered !== undefined) expect(new Set(listed).size).toBe(listed.length);
      reached = until;
    };
    const ids = Array.from({ length: 20 }, (_, index) => `r${index}`);
    const writeVersions = async (first: number) => {
      for (let version = first; version < 60; version += 4) {
        await store.resourceWriter.write(
          resourceType,
          ids.map((id) => observation(connectionId, id, version)),
        );
        await follow();
      }
    };
    await Promise.all([1, 2, 3, 4].map(writeVersions));
    await store.resourceWriter.write(resourceType, [deletion(connectionId, 'r0'), observation(connectionId, 'r1', 60)]);
    await follow();
    const stored = await database.collection<ResourceDocument>(resourceType).find({ connectionId }).toArray();
    const expected = stored.map(({ resourceId, deleted, versionId }) => [resourceId, deleted ? 'deleted' : versionId]);
    expect([...copy].toSorted()).toEqual(expected.toSorted());
    expect([copy.get('r0'), copy.get('r1'), copy.get('r2')]).toEqual(['deleted', '60', '59']);
  });
});

test.each(['in order', 'once', 'by pages'])(
  'a resource that changes while changes are read %s is still read',
  async (how) => {
    const connectionId = `conn_meanwhile_${how}`;
    // More than the database sends at a time.
    const ids = Array.from({ length: 600 }, (_, index) => `r${index}`);
    const writeAll = (version: number, some = ids) =>
      store.resourceWriter.write(
        resourceType,
        some.map((id) => observation(connectionId, id, version)),
      );
    await writeAll(1);
    const { signal } = new AbortController();
    const { resourceChanges: changes } = store;
    const found = new Map<string, string>();
    let listed = 0;
    const note = (id: string, versionId: unknown) => {
      listed += 1;
      found.set(id, String(versionId));
    };
    // The last one that is read, and then the first one again.
    const moved = how === 'by pages' ? 'r0' : 'r599';
    const reference = { connectionId, resourceType, since };
    const turn = new ByteBudget(1).reserve(1);
    let reads = 0;
    const change = async () => {
      if (++reads === 1) await writeAll(2, [moved, how === 'by pages' ? 'r599' : 'r0']);
    };
    if (how === 'by pages') {
      let cursor: string | undefined;
      do {
        const address = new URL('http://bulkhead.example');
        const show = async () => new Map();
        const page = { ...reference, fhirEndpoint: '', changes, count: 100, cursor, address, signal, show, turn };
        const bundle = JSON.parse((await readHistory(page)).text);
        for (const { resource } of bundle.entry) note(resource.id, resource.meta.versionId);
        await change();
        const next = bundle.link.find(({ relation }: { readonly relation: string }) => relation === 'next');
        cursor = next && new URL(next.url).searchParams.get('_cursor');
      } while (cursor);
    } else {
      const reading =
        how === 'once'
          ? changes.readOnce(reference)
          : changes.readInOrder({ connectionId, since, resourceTypes: [resourceType], signal });
      for await (const { resourceId, versionId } of reading) {
        note(resourceId, versionId);
        await change();
      }
    }
    // One that was read before it changed is read again, unless each is read once.
    expect([found.size, listed]).toEqual([600, how === 'once' ? 600 : 601]);
    expect(found.get(moved)).toBe('2');
  },
);
