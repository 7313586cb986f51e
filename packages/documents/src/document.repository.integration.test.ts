import { FileNovelty } from '@bulkhead/store';
import { openTestStore } from '@bulkhead/store/testing';
import { afterAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { documentFeature } from './document.feature.ts';
import type { PatientDocument, StoredVersion } from './index.ts';

const commands: string[] = [];
const onCommand = ({ name, collection }: { readonly name: string; readonly collection: string | undefined }) => {
  if (collection === 'documents') commands.push(name);
  return undefined;
};
const { store, close } = await openTestStore(documentFeature.open, { onCommand });
afterAll(close);

let run = 0;
const now = new Date('2026-01-01T00:00:00Z');

/** The record of an attachment in one version of its resource. */
function makeDocument(
  id: string,
  { version = 1, state = 'pending' as PatientDocument['state'] } = {},
): PatientDocument {
  return {
    id: `doc_${run}_${id}`,
    connectionId: `conn_${run}`,
    resource: { type: 'DiagnosticReport', id, versionId: String(version) },
    index: 0,
    url: `https://ehr.example/Binary/${id}-${version}`,
    fingerprint: String(version),
    state,
    notes: [],
    attempts: 0,
    createdAt: now,
  };
}

const listAll = () => store.documents.list({ filter: { connectionId: `conn_${run}` }, limit: 1000 });

test('the document repository stores the new documents of a batch with one read and one insert', async () => {
  run += 1;
  const documents = Array.from({ length: 300 }, (_, number) => makeDocument(String(number)));
  commands.length = 0;
  expect(await store.documents.note(documents)).toEqual(documents.map(({ id }) => id));
  expect(commands).toEqual(['find', 'insert']);
  expect(await store.documents.note(documents)).toEqual([]);
  expect(commands).toEqual(['find', 'insert', 'find']);
  expect(await listAll()).toHaveLength(300);
});

test('the document repository reads before the first batch of a file with only new documents, and before all after a stored one', async () => {
  run += 1;
  await store.documents.note([makeDocument('stored')]);
  commands.length = 0;
  const file = new FileNovelty<StoredVersion>();
  for (const id of ['a', 'b']) expect(await store.documents.note([makeDocument(id)], { file })).toHaveLength(1);
  expect(commands).toEqual(['find', 'insert', 'insert']);
  expect(await store.documents.note([makeDocument('stored'), makeDocument('c')], { file })).toEqual([`doc_${run}_c`]);
  commands.length = 0;
  expect(await store.documents.note([makeDocument('d')], { file })).toHaveLength(1);
  expect(commands).toEqual(['find', 'insert']);
});

test.each([
  { name: 'batch', ofFile: false },
  { name: 'batch of a file', ofFile: true },
])(
  'the document repository stores a $name like its documents one after the other, in any order of versions',
  async ({ ofFile }) => {
    const documents = fc.array(
      fc.record({
        id: fc.constantFrom('a', 'b', 'c'),
        version: fc.integer({ min: 1, max: 3 }),
        isSkipped: fc.boolean(),
      }),
      { maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(documents, documents, async (stored, batch) => {
        const noteAll = async (isBatch: boolean) => {
          run += 1;
          const make = ({ id, version, isSkipped }: (typeof batch)[number]) =>
            makeDocument(id, { version, state: isSkipped ? 'skipped' : 'pending' });
          // The stored version of each resource is the one that was written last.
          const last = new Map<string, (typeof batch)[number]>(
            [...stored, ...batch].map((document) => [document.id, document]),
          );
          const readStored = async ({ resource }: PatientDocument) => {
            const current = last.get(resource.id);
            return current && make(current);
          };
          for (const document of stored) await store.documents.note([make(document)], { readStored });
          const due: string[] = [];
          const groups = isBatch ? [batch] : batch.map((document) => [document]);
          const file = ofFile && isBatch ? new FileNovelty<StoredVersion>() : undefined;
          // The first batch of the file has only new documents, so the next one is inserted without a read.
          await store.documents.note([makeDocument('first')], { file });
          for (const group of groups) due.push(...(await store.documents.note(group.map(make), { readStored, file })));
          const names = (text: string) => text.replaceAll(new RegExp(`_${run}\\b`, 'g'), '');
          return names(JSON.stringify([[...new Set(due)].sort(), await listAll()]).replaceAll(`doc_${run}_`, 'doc_'));
        };
        expect(await noteAll(true)).toBe(await noteAll(false));
      }),
      { numRuns: 60 },
    );
  },
  // A run has about 30 commands.
);

test('the document repository stores each document once if several workers note it at the same time', async () => {
  run += 1;
  const documents = Array.from({ length: 50 }, (_, number) => makeDocument(String(number)));
  const noted = await Promise.all([1, 2, 3, 4].map(() => store.documents.note(documents)));
  expect(noted.flat().sort()).toEqual(documents.map(({ id }) => id).sort());
  expect(await listAll()).toHaveLength(50);
});
