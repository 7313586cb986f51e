import { maxListedPatients } from '@bulkhead/fhir';
import { testServices } from '@bulkhead/testing';
import { afterAll, beforeEach, expect, test } from '@jest/globals';
import mongoose from 'mongoose';
import { VersionWriter } from '../resource.writer.ts';
import { type ResourceDocument, toTombstone } from '../resource-document.ts';
import { documentContext, makeDocument } from '../testing/make-document.ts';

const database = await mongoose.createConnection(testServices().mongodbUri).asPromise();
afterAll(() => database.close());

/** The patient `erased` and the Binary `erased-scan` are kept out of the connection. */
const keptOut = { hasPatient: (id: string) => id === 'erased', hasBinary: (id: string) => id === 'erased-scan' };
let connectionId: string;
let tests = 0;
beforeEach(() => {
  connectionId = `kept-out-${++tests}`;
});

const context = () => ({ ...documentContext, connectionId });
const document = (resource: object) => makeDocument(resource, { connectionId });

/** Writes resources of one type. @returns the outcome and the ids that are stored */
async function write(resourceType: string, documents: readonly ResourceDocument[]) {
  const writer = new VersionWriter({ database, gate: { admit: async (_, write) => write(keptOut) } });
  const outcome = await writer.write(resourceType, documents);
  const stored = await database.collection(resourceType).find({ connectionId }).toArray();
  return { outcome, stored: stored.map(({ resourceId }) => resourceId as string).toSorted() };
}

const idOf = (resourceId: string) => `${connectionId}/${resourceId}`;
const group = (id: string, patients: readonly string[]) => ({
  ...{ resourceType: 'Group', id, type: 'person', actual: true },
  member: patients.map((patient) => ({ entity: { reference: `Patient/${patient}` } })),
});
const others = (count: number) => Array.from({ length: count }, (_, index) => `p${index}`);

test('the resource writer withholds a patient that is kept out, and stores the others of the batch', async () => {
  const patients = ['erased', 'p1', 'p2'].map((id) => document({ resourceType: 'Patient', id }));
  const { outcome, stored } = await write('Patient', patients);
  expect(outcome).toEqual({
    ...{ written: 2, unchanged: 0, stale: 0, withheld: 1 },
    withheldIds: new Set([idOf('erased')]),
  });
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
