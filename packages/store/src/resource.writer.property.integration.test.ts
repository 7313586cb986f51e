import { randomBytes } from 'node:crypto';
import { compareVersions } from '@bulkhead/domain';
import { testServices } from '@bulkhead/testing';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import mongoose from 'mongoose';
import { createStore, type Store } from './create-store.ts';
import { type ResourceDocument, toResourceDocument, toTombstone } from './resource-document.ts';

let store: Store;
let database: mongoose.Connection;
beforeAll(async () => {
  const { mongodbUri } = testServices();
  store = createStore({ uri: mongodbUri, encryptionKey: randomBytes(32) });
  await store.connect();
  await store.prepareResourceTypes(['Patient']);
  database = await mongoose.createConnection(mongodbUri).asPromise();
});
afterAll(async () => {
  await database.close();
  await store.close();
});

const day = (number: number) => new Date(Date.UTC(2024, 0, number));

const sometimes = fc.constantFrom(true, false, false, false);

/** One version of a resource as some export brings it: few values, so that versions meet and tie often. */
const observed = fc.record({
  id: fc.constantFrom('a', 'b'),
  updated: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined }),
  versionId: fc.option(fc.constantFrom('2', '10'), { nil: undefined }),
  isDeletion: sometimes,
  isSubsetted: sometimes,
  seen: fc.integer({ min: 4, max: 5 }),
  /** Two files of one export can hold other content of the same version. */
  file: fc.integer({ min: 1, max: 2 }),
});
type Observed = typeof observed extends fc.Arbitrary<infer Value> ? Value : never;

/**
 * Content of a version: the same whenever it is seen, or other in each export and file. A server that takes a version's content back
 * again (A, B, A) cannot be told from a late file without writing at every export.
 */
function contentOf({ id, updated, versionId, seen, file }: Observed): string {
  return `${id}/${updated ?? ''}/${versionId ?? ''}/${versionId === '2' ? `${seen}/${file}` : 'same'}`;
}

function toDocument(connectionId: string, one: Observed): ResourceDocument {
  const context = {
    connectionId,
    source: { exportId: 'e', fileId: 'f', line: 1 },
    observedAt: day(one.seen),
    now: day(20),
  };
  if (one.isDeletion) return toTombstone({ resourceId: one.id, context });
  const resource = {
    resourceType: 'Patient',
    id: one.id,
    meta: {
      ...(one.updated === undefined ? {} : { lastUpdated: day(one.updated).toISOString() }),
      ...(one.versionId === undefined ? {} : { versionId: one.versionId }),
      ...(one.isSubsetted ? { tag: [{ code: 'SUBSETTED' }] } : {}),
    },
    content: contentOf(one),
  };
  return toResourceDocument({ resource, json: Buffer.from(JSON.stringify(resource)), hasExactNumbers: false, context });
}

/**
 * What decides between versions, and what they hold. Where it was read, how often it was written and what was there before
 * (`earlier`) are no part of it: an order that brings the newest first has stored nothing else.
 */
async function stateOf(connectionId: string): Promise<string[]> {
  const documents = await database.collection('Patient').find({ connectionId }).toArray();
  return documents.map((one) => `${one.resourceId} ${one.deleted} ${one.contentHash}`).toSorted();
}

let runs = 0;
async function write(batches: readonly (readonly Observed[])[]): Promise<string[]> {
  runs += 1;
  const connectionId = `c${runs}`;
  const documents = batches.map((batch) => batch.map((one) => toDocument(connectionId, one)));
  await Promise.all(documents.map((batch) => store.resourceWriter.write('Patient', batch)));
  return stateOf(connectionId);
}

describe('property: the resource writer #newest-wins #confluence', () => {
  test('any order, any repetition, any cut into batches and any interleaving of writers end in the same state', async () => {
    const given = fc.array(observed, { minLength: 1, maxLength: 12 });
    const shuffledTwice = given.chain((versions) =>
      fc.tuple(
        fc.constant(versions),
        // Every version at least once, some again, in another order, in batches that are written at the same time.
        fc.shuffledSubarray([...versions, ...versions], { minLength: versions.length * 2 }),
        fc.integer({ min: 1, max: 5 }),
      ),
    );
    await fc.assert(
      fc.asyncProperty(shuffledTwice, async ([versions, again, batchSize]) => {
        const expected = await write([versions]);
        const batches = Array.from({ length: Math.ceil(again.length / batchSize) }, (_, index) =>
          again.slice(index * batchSize, (index + 1) * batchSize),
        );
        expect(await write(batches)).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  }, 60_000);

  test('what is kept is never older than anything that was given', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(observed, { minLength: 1, maxLength: 8 }), async (versions) => {
        await write(versions.map((one) => [one]));
        const connectionId = `c${runs}`;
        const kept = await database.collection<ResourceDocument>('Patient').find({ connectionId }).toArray();
        for (const given of versions.map((one) => toDocument(connectionId, one))) {
          const stored = kept.find(({ _id }) => _id === given._id);
          expect(stored && compareVersions(given, stored)).toMatch(/^(same|older)$/);
        }
      }),
      { numRuns: 40 },
    );
  }, 60_000);
});
