import { maxListedPatients } from '@bulkhead/fhir';
import { Database, type KeptOutList } from '@bulkhead/store';
import { testContext } from '@bulkhead/store/testing';
import { testServices } from '@bulkhead/testing';
import { afterAll, beforeEach, expect, test } from '@jest/globals';
import mongoose from 'mongoose';
import { isErasedEntry } from '../erase/is-erased-entry.ts';
import { KeptOutRepository } from '../erase/kept-out.repository.ts';
import type { KeptOutStore } from '../erase/withhold.ts';
import { documentContext, makeDocument } from '../testing/make-document.ts';
import { type ResourceDocument, toTombstone } from '../version/resource-document.ts';
import { VersionWriter } from '../write/resource.writer.ts';

const database = await mongoose.createConnection(testServices().mongodbUri).asPromise();
afterAll(() => database.close());
const keptOutStore = new KeptOutRepository(testContext(database));

let connectionId: string;
let tests = 0;
/** The patient `erased` and the Binary `erased-scan` are kept out of the connection. */
beforeEach(async () => {
  connectionId = `kept-out-${++tests}`;
  await keptOutStore.add({ connectionId, patientId: 'erased', binaryIds: ['erased-scan'], now: new Date() });
});

const context = () => ({ ...documentContext, connectionId });
const document = (resource: object) => makeDocument(resource, { connectionId });
const readList = async () => (await keptOutStore.listAll()).get(connectionId);

/**
 * Writes resources of one type.
 * @param options.list of the process. Default: what is stored now
 * @param options.store default: that of this test
 * @returns the outcome and the ids of what is stored, without the entries of what was erased
 */
async function write(
  resourceType: string,
  documents: readonly ResourceDocument[],
  options: { readonly list?: KeptOutList | undefined; readonly store?: KeptOutStore } = {},
) {
  const list = 'list' in options ? options.list : await readList();
  const { store = keptOutStore } = options;
  const writer = new VersionWriter({
    database: new Database(database),
    keptOutStore: store,
    gate: { admit: async (_, write) => write(list) },
  });
  const outcome = await writer.write(resourceType, documents);
  return { outcome, stored: await readStored(resourceType) };
}

async function readStored(resourceType: string): Promise<string[]> {
  const stored = await database.collection(resourceType).find({ connectionId }).toArray();
  return stored
    .filter((entry) => !isErasedEntry(entry))
    .map(({ resourceId }) => resourceId as string)
    .toSorted();
}

const group = (id: string, patients: readonly string[]) => ({
  resourceType: 'Group',
  id,
  type: 'person',
  actual: true,
  member: patients.map((patient) => ({ entity: { reference: `Patient/${patient}` } })),
});
const others = (count: number) => Array.from({ length: count }, (_, index) => `p${index}`);

test('the resource writer withholds a patient that is kept out, and stores the others of the batch', async () => {
  const patients = ['erased', 'p1', 'p2'].map((id) => document({ resourceType: 'Patient', id }));
  const { outcome, stored } = await write('Patient', patients);
  expect(outcome).toEqual({ written: 2, unchanged: 0, stale: 0, withheld: 1 });
  expect(stored).toEqual(['p1', 'p2']);
});

test('the resource writer withholds a Binary that is kept out', async () => {
  const binaries = ['erased-scan', 'scan'].map((id) => document({ resourceType: 'Binary', id }));
  const { outcome, stored } = await write('Binary', binaries);
  expect(outcome).toMatchObject({ written: 1, withheld: 1 });
  expect(stored).toEqual(['scan']);
});

test('the resource writer stores a resource of another type that has the id of a patient or Binary that is kept out', async () => {
  const { outcome, stored } = await write('Goal', [
    document({ resourceType: 'Goal', id: 'erased' }),
    document({ resourceType: 'Goal', id: 'erased-scan' }),
  ]);
  expect(outcome).toEqual({ written: 2, unchanged: 0, stale: 0, withheld: 0 });
  expect(stored).toEqual(['erased', 'erased-scan']);
});

test('the resource writer withholds a resource of which one patient of several is kept out', async () => {
  const { outcome, stored } = await write('Group', [
    document(group('with', ['p1', 'erased', 'p2'])),
    document(group('without', ['p1', 'p2'])),
    document(group('empty', [])),
  ]);
  expect(outcome).toMatchObject({ written: 2, withheld: 1 });
  expect(stored).toEqual(['empty', 'without']);
});

test('the resource writer finds a patient that is kept out behind those that the keys of a resource list', async () => {
  const { outcome, stored } = await write('Group', [
    document(group('with', [...others(maxListedPatients), 'erased'])),
    document(group('full', others(maxListedPatients))),
  ]);
  expect(outcome).toMatchObject({ written: 1, withheld: 1 });
  expect(stored).toEqual(['full']);
});

test('the resource writer withholds the deletion of a patient that is kept out', async () => {
  const tombstone = toTombstone({ resourceId: 'erased', deletedAt: undefined, context: context() });
  const { outcome, stored } = await write('Patient', [tombstone]);
  expect(outcome).toMatchObject({ written: 0, withheld: 1 });
  expect(stored).toEqual([]);
});

const report = (attachment: object) => ({
  resourceType: 'DocumentReference',
  id: 'd1',
  subject: { reference: 'Patient/erased' },
  content: [{ attachment }],
});
const binary = (id: string, elements: object = {}) => document({ resourceType: 'Binary', id, ...elements });

test('a withheld resource withholds a Binary that is stored already and one that is written later', async () => {
  expect((await write('Binary', [binary('first'), binary('of-another')])).stored).toEqual(['first', 'of-another']);
  const contents = [
    { attachment: { url: 'https://ehr.example/r4/Binary/first?v=2' } },
    { attachment: { url: 'Binary/second' } },
  ];
  const { outcome } = await write('DocumentReference', [document({ ...report({}), content: contents })]);
  expect(outcome).toMatchObject({ written: 0, withheld: 1 });
  expect(await readStored('Binary')).toEqual(['of-another']);
  const again = await write('Binary', [binary('first'), binary('second')]);
  expect(again).toMatchObject({ outcome: { written: 0, withheld: 2 }, stored: ['of-another'] });
});

test('a Binary is erased if another process has kept it out since this process read its rules', async () => {
  const list = await readList();
  await write('DocumentReference', [document(report({ url: 'Binary/late' }))]);
  expect((await write('Binary', [binary('late')], { list })).stored).toEqual([]);
  expect((await write('Binary', [binary('erased-scan')], { list: undefined })).stored).toEqual([]);
});

test('a Binary is erased if it is kept out while it is written', async () => {
  let happens: (() => Promise<unknown>) | undefined = () =>
    write('DocumentReference', [document(report({ url: 'Binary/racing' }))]);
  const store: KeptOutStore = {
    add: (options) => keptOutStore.add(options),
    async findBinaries(options) {
      const found = await keptOutStore.findBinaries(options);
      const happened = happens;
      happens = undefined;
      await happened?.();
      return found;
    },
  };
  expect((await write('Binary', [binary('racing')], { store })).stored).toEqual([]);
});

test('a Binary whose writer was killed before it looked again is erased when it is received again', async () => {
  // The writer of another connection does not look for it.
  await database.collection('Binary').insertOne({ ...binary('erased-scan'), revision: 1 } as never);
  expect((await write('Binary', [binary('erased-scan')])).stored).toEqual([]);
});

test('a Binary whose security context is a patient who is kept out is withheld', async () => {
  const { outcome, stored } = await write('Binary', [
    binary('with', { securityContext: { reference: 'Patient/erased' } }),
    binary('without', { securityContext: { reference: 'Patient/p1' } }),
  ]);
  expect(outcome).toMatchObject({ written: 1, withheld: 1 });
  expect(stored).toEqual(['without']);
});

/** A version of a condition that names a patient. */
const condition = (patientId: string, versionId: number, id = 'c1') => {
  const lastUpdated = new Date(Date.UTC(2024, 0, 1, 0, versionId)).toISOString();
  const resource = { resourceType: 'Condition', id, meta: { versionId: `${versionId}`, lastUpdated } };
  const observedAt = new Date(Date.UTC(2024, 5, versionId));
  return makeDocument({ ...resource, subject: { reference: `Patient/${patientId}` } }, { connectionId, observedAt });
};

test('a correction from another patient to one who is kept out erases the version that is stored', async () => {
  expect((await write('Condition', [condition('p1', 1)])).stored).toEqual(['c1']);
  const corrected = await write('Condition', [condition('erased', 2)]);
  expect(corrected).toMatchObject({ outcome: { written: 0, withheld: 1 }, stored: [] });
  const late = await write('Condition', [condition('p1', 1)]);
  expect(late).toMatchObject({ outcome: { written: 0, stale: 1 }, stored: [] });
  const correctedAgain = await write('Condition', [condition('p1', 3)]);
  expect(correctedAgain).toMatchObject({ outcome: { written: 1 }, stored: ['c1'] });
});

test('a late version of a patient who is kept out leaves the newer one of another patient, and its Binaries', async () => {
  const attachment = { url: 'Binary/corrected' };
  const meta = (versionId: string) => ({ versionId, lastUpdated: `2024-01-0${versionId}T00:00:00Z` });
  const subject = { reference: 'Patient/p1' };
  await write('Binary', [binary('corrected')]);
  await write('DocumentReference', [document({ ...report(attachment), meta: meta('2'), subject })]);
  const { outcome, stored } = await write('DocumentReference', [document({ ...report(attachment), meta: meta('1') })]);
  expect(outcome).toMatchObject({ written: 0, withheld: 1 });
  expect([stored, await readStored('Binary')]).toEqual([['d1'], ['corrected']]);
});

test.each([
  { newest: 'another patient', versions: () => [condition('erased', 1), condition('p1', 2)], stored: ['c1'] },
  { newest: 'a patient who is kept out', versions: () => [condition('p1', 1), condition('erased', 2)], stored: [] },
])('both versions of a batch are accounted for if the newest is of $newest', async ({ versions, ...expected }) => {
  const { outcome, stored } = await write('Condition', [...versions(), condition('p1', 1, 'c2')]);
  const { written, unchanged, stale, withheld } = outcome;
  expect(written + unchanged + stale + withheld).toBe(3);
  expect(withheld).toBe(1);
  expect(stored).toEqual([...expected.stored, 'c2']);
});

test('a Patient who is linked with one who is kept out is stored', async () => {
  const link = [{ type: 'replaces', other: { reference: 'Patient/erased' } }];
  const merged = { resourceType: 'Patient', id: 'p1', link };
  expect((await write('Patient', [document(merged)])).stored).toEqual(['p1']);
});
