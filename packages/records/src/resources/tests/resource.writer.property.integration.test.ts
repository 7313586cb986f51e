import { idsBelow } from '@bulkhead/store';
import { openTestStore } from '@bulkhead/store/testing';
import { afterAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compareVersions, type ResourceDocument, toTombstone } from '../index.ts';
import { resourceFeature } from '../resource.feature.ts';
import { documentContext, makeDocument } from '../testing/index.ts';

const { store, database, close } = await openTestStore((context) =>
  resourceFeature.open({ ...context, rawWrites: () => undefined }),
);
await store.prepareResourceTypes(['Patient']);
const patients = database.collection<ResourceDocument>('Patient');
afterAll(close);

const day = (number: number) => new Date(Date.UTC(2024, 0, number));

const sometimes = fc.constantFrom(true, false, false, false);

/** One version of a resource in an export. There are few values, so that equal versions and ties are frequent. */
const observed = fc.record({
  id: fc.constantFrom('a', 'b'),
  updated: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined }),
  versionId: fc.option(fc.constantFrom('2', '10'), { nil: undefined }),
  isSubsetted: sometimes,
  seen: fc.integer({ min: 4, max: 5 }),
  /** Two files of one export can hold different content of the same version. */
  file: fc.integer({ min: 1, max: 2 }),
});
type Observed = typeof observed extends fc.Arbitrary<infer Value> ? Value : never;

/**
 * The content of a version, which is either always the same or different in each export and file. A server that changes the content
 * of a version back (A, B, A) cannot be distinguished from a late file, unless every export writes every resource.
 */
function contentOf({ id, updated, versionId, seen, file }: Observed): string {
  return `${id}/${updated ?? ''}/${versionId ?? ''}/${versionId === '2' ? `${seen}/${file}` : 'same'}`;
}

function toDocument(connectionId: string, observed: Observed): ResourceDocument {
  const resource = {
    resourceType: 'Patient',
    id: observed.id,
    meta: {
      ...(observed.updated === undefined ? {} : { lastUpdated: day(observed.updated).toISOString() }),
      ...(observed.versionId === undefined ? {} : { versionId: observed.versionId }),
      ...(observed.isSubsetted ? { tag: [{ code: 'SUBSETTED' }] } : {}),
    },
    content: contentOf(observed),
  };
  return makeDocument(resource, { connectionId, observedAt: day(observed.seen), now: day(20) });
}

/**
 * The fields that decide between versions, and the content. The source, the number of writes and the previous versions (`earlier`)
 * depend on the order: if the newest version arrives first, no other version is ever stored.
 */
async function stateOf(connectionId: string): Promise<string[]> {
  const documents = await patients.find({ _id: idsBelow(connectionId) }).toArray();
  return documents.map((document) => `${document.resourceId} ${document.deleted} ${document.contentHash}`).toSorted();
}

let runs = 0;
async function write(batches: readonly (readonly Observed[])[]): Promise<string[]> {
  runs += 1;
  const connectionId = `c${runs}`;
  const documents = batches.map((batch) => batch.map((observed) => toDocument(connectionId, observed)));
  await Promise.all(documents.map((batch) => store.resourceWriter.write('Patient', batch)));
  return stateOf(connectionId);
}

/** Delivers every item twice, in random order, in batches. */
function deliveryOf<Item>(items: readonly Item[]): fc.Arbitrary<Item[][]> {
  return fc
    .tuple(fc.shuffledSubarray([...items, ...items], { minLength: items.length * 2 }), fc.integer({ min: 1, max: 5 }))
    .map(([shuffled, batchSize]) =>
      Array.from({ length: Math.ceil(shuffled.length / batchSize) }, (_, index) =>
        shuffled.slice(index * batchSize, (index + 1) * batchSize),
      ),
    );
}

describe('property: the resource writer #newest-wins #confluence', () => {
  test('versions with content end in the same state in any order, repetition, batches and interleaving of writers', async () => {
    const versionLists = fc.array(observed, { minLength: 1, maxLength: 12 });
    const delivered = versionLists.chain((versions) => fc.tuple(fc.constant(versions), deliveryOf(versions)));
    await fc.assert(
      fc.asyncProperty(delivered, async ([versions, batches]) => {
        const expected = await write([versions]);
        expect(await write(batches)).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });

  test('versions with content end in the same state if files that are read at once deliver them, batch after batch', async () => {
    const files = fc
      .array(observed, { minLength: 1, maxLength: 12 })
      .chain((versions) =>
        fc.tuple(fc.constant(versions), fc.array(deliveryOf(versions), { minLength: 1, maxLength: 3 })),
      );
    await fc.assert(
      fc.asyncProperty(files, async ([versions, delivered]) => {
        const expected = await write([versions]);
        const connectionId = `c${++runs}`;
        await Promise.all(
          delivered.map(async (batches) => {
            const file = store.resourceWriter.ofFile();
            for (const batch of batches)
              await file.write(
                'Patient',
                batch.map((version) => toDocument(connectionId, version)),
              );
          }),
        );
        expect(await stateOf(connectionId)).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  test('the stored version with content is never older than any other written version', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(observed, { minLength: 1, maxLength: 8 }), async (versions) => {
        await write(versions.map((version) => [version]));
        const connectionId = `c${runs}`;
        const storedVersions = await patients.find({ _id: idsBelow(connectionId) }).toArray();
        for (const document of versions.map((version) => toDocument(connectionId, version))) {
          const stored = storedVersions.find(({ _id }) => _id === document._id);
          expect(stored && compareVersions(document, stored)).toMatch(/^(same|older)$/);
        }
      }),
      { numRuns: 40 },
    );
  });
});

/** One step in the history of a server. A minute passes between two steps. */
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('put'), id: fc.constantFrom('a', 'b') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete'), id: fc.constantFrom('a', 'b') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('export'), isFull: fc.boolean() }) },
);
/** Restores the resource as it was before its deletion, including `lastUpdated`. */
const restore = fc.record({ kind: fc.constant('restore'), id: fc.constantFrom('a', 'b') });
type Step = { readonly kind: string; readonly id?: string; readonly isFull?: boolean };

const server = fc.record({
  sendsLastUpdated: fc.boolean(),
  sendsVersionId: fc.boolean(),
  sendsDeletionTime: fc.boolean(),
  /** Also lists resources as deleted that were deleted and recreated since the previous export. */
  listsRecreated: fc.boolean(),
});
type Server = typeof server extends fc.Arbitrary<infer Value> ? Value : never;

interface Content {
  readonly version: number;
  readonly updated: Date;
  /** When the server began to serve it. The `lastUpdated` of a restored resource is earlier. */
  readonly since: Date;
}

/** Returns the documents of each export of a history, and the state of the server at the last export. */
function playHistory(options: {
  readonly connectionId: string;
  readonly server: Server;
  readonly steps: readonly Step[];
}): { readonly exports: ResourceDocument[][]; readonly expected: string[] } {
  const { connectionId, server: behaviour, steps } = options;
  const current = new Map<string, Content>();
  const deletedContent = new Map<string, Content>();
  let deletions: { readonly id: string; readonly at: Date }[] = [];
  const exports: ResourceDocument[][] = [];
  let exportedAt: Date | undefined;
  let version = 0;
  const toContent = (id: string, content: Content, observedAt: Date) => {
    const resource = {
      resourceType: 'Patient',
      id,
      meta: {
        ...(behaviour.sendsLastUpdated ? { lastUpdated: content.updated.toISOString() } : {}),
        ...(behaviour.sendsVersionId ? { versionId: String(content.version) } : {}),
      },
      version: content.version,
    };
    return makeDocument(resource, { connectionId, observedAt, now: observedAt });
  };
  const exportNow = (at: Date, isFull: boolean) => {
    const begin = exportedAt;
    const isChange = (time: Date) => begin === undefined || time > begin;
    const context = { ...documentContext, connectionId, observedAt: at, now: at };
    const contents = [...current]
      .filter(([, content]) => isFull || isChange(content.since))
      .map(([id, content]) => toContent(id, content, at));
    const tombstones = deletions
      .filter(
        ({ id, at: time }) => begin !== undefined && time > begin && (behaviour.listsRecreated || !current.has(id)),
      )
      .map(({ id, at: time }) =>
        toTombstone({ resourceId: id, deletedAt: behaviour.sendsDeletionTime ? time : undefined, context }),
      );
    exports.push([...contents, ...tombstones]);
    deletions = [];
    exportedAt = at;
  };
  for (const [index, { kind, id = '', isFull = true }] of [...steps, { kind: 'export' } as Step].entries()) {
    const at = new Date(Date.UTC(2024, 0, 1, 0, index));
    const content = current.get(id);
    if (kind === 'export') exportNow(at, isFull);
    if (kind === 'put') current.set(id, { version: ++version, updated: at, since: at });
    if (kind === 'delete' && content) {
      current.delete(id);
      deletedContent.set(id, content);
      deletions.push({ id, at });
    }
    const deleted = deletedContent.get(id);
    if (kind === 'restore' && deleted && !content) current.set(id, { ...deleted, since: at });
  }
  return { exports, expected: [...current].map(([id, content]) => `${id} ${content.version}`).toSorted() };
}

/** The ids and versions of the resources that a reader finds. */
async function readState(connectionId: string): Promise<string[]> {
  const documents = await patients.find({ _id: idsBelow(connectionId), deleted: false }).toArray();
  return documents
    .map((document) => `${document.resourceId} ${(document.resource as { version: number }).version}`)
    .toSorted();
}

describe('property: the history of a server #newest-wins #deletions #confluence', () => {
  test('the history of a server ends in its last state in any order, repetition, batches and interleaving of writers', async () => {
    const history = fc.record({ server, steps: fc.array(step, { minLength: 1, maxLength: 14 }) });
    const delivered = history
      .map((history) => playHistory({ ...history, connectionId: `h${++runs}` }))
      .chain(({ exports, expected }) =>
        fc.record({ expected: fc.constant(expected), batches: deliveryOf(exports.flat()) }),
      );
    await fc.assert(
      fc.asyncProperty(delivered, async ({ expected, batches }) => {
        const connectionId = `c${++runs}`;
        const moved = batches.map((batch) => batch.map((document) => ofConnection(connectionId, document)));
        await Promise.all(moved.map((batch) => store.resourceWriter.write('Patient', batch)));
        expect(await readState(connectionId)).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  test('the history of a server ends in its last state if resources are restored unchanged and exports arrive in order', async () => {
    const steps = fc.array(fc.oneof({ weight: 4, arbitrary: step }, { weight: 2, arbitrary: restore }), {
      minLength: 1,
      maxLength: 14,
    });
    const history = fc.record({ server: server.map((change) => ({ ...change, listsRecreated: false })), steps });
    const delivered = history
      .map((history) => playHistory({ ...history, connectionId: `h${++runs}` }))
      .chain(({ exports, expected }) =>
        fc.record({ expected: fc.constant(expected), exports: fc.tuple(...exports.map(deliveryOf)) }),
      );
    await fc.assert(
      fc.asyncProperty(delivered, async ({ expected, exports }) => {
        const connectionId = `c${++runs}`;
        for (const batches of exports) {
          const moved = batches.map((batch) => batch.map((document) => ofConnection(connectionId, document)));
          await Promise.all(moved.map((batch) => store.resourceWriter.write('Patient', batch)));
        }
        expect(await readState(connectionId)).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });
});

/** Each run has its own connection, even when fast-check shrinks a failed run. */
function ofConnection(connectionId: string, document: ResourceDocument): ResourceDocument {
  return { ...document, connectionId, _id: `${connectionId}/${document.resourceId}` };
}
