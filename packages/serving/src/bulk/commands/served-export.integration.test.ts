import { resourceFeature, toTombstone } from '@bulkhead/records';
import { documentContext, makeDocument } from '@bulkhead/records/testing';
import { openTestStore } from '@bulkhead/store/testing';
import { waitFor } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { servedExportFeature } from '../served-export.feature.ts';
import { ServedExportService } from './served-export.service.ts';

const { store, close } = await openTestStore((context) => {
  const resources = resourceFeature.open({ ...context, rawWrites: () => undefined });
  const exports = servedExportFeature.open(context);
  return { ...exports, repositories: { ...resources.repositories, ...exports.repositories } };
});
afterAll(close);

const until = new Date();
const service = new ServedExportService({
  store,
  resources: { checkConnection: async () => undefined, openWindow: async () => ({ since: until, until }) },
  shownAttachments: async () => new Map(),
  resourcesOfFile: 10,
});
const readerOf = (connectionId: string) =>
  ({ provider: 'athenahealth', connectionId, scope: 'all', clientId: 'key_1', checkType: () => undefined }) as const;

const kickOff = (
  connectionId: string,
  parameters: readonly (readonly [string, string])[] = [],
  level: 'system' | 'patient' = 'system',
) =>
  service.kickOff({
    ...readerOf(connectionId),
    level,
    parameters,
    isLenient: false,
    request: 'https://bulkhead.example',
    admit: async () => undefined,
  });

async function namesOf(connectionId: string, id: string): Promise<string[]> {
  const { manifest } = await service.manifest({ ...readerOf(connectionId), id, urlOf: (name) => name });
  return manifest.output.map(({ url }) => url);
}

async function idsOf(connectionId: string, id: string, name: string): Promise<string[]> {
  const signal = new AbortController().signal;
  const { lines } = await service.readFile({
    ...readerOf(connectionId),
    id,
    name,
    base: 'https://bulkhead.example',
    signal,
  });
  const ids: string[] = [];
  for await (const chunk of lines)
    ids.push(
      ...chunk
        .toString()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line).id),
    );
  return ids;
}

async function deletionsOf(connectionId: string, id: string): Promise<string[]> {
  const file = { ...readerOf(connectionId), id, name: 'deleted.ndjson', base: '' };
  const { lines } = await service.readFile({ ...file, signal: new AbortController().signal });
  let text = '';
  for await (const chunk of lines) text += chunk;
  const bundles = text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  return bundles.flatMap(({ entry }) => entry.map((each: { request: { url: string } }) => each.request.url));
}

const write = (connectionId: string, resourceType: string, ids: readonly string[]) =>
  store.resourceWriter.write(
    resourceType,
    ids.map((id) => makeDocument({ resourceType, id }, { connectionId })),
  );

const anyId = fc.stringMatching(/^[A-Za-z0-9.-]{1,12}$/).filter((id) => id !== '.' && id !== '..');

test('the files of a large type have each resource once, whatever is stored while they are read, and can be read again', async () => {
  let run = 0;
  await store.prepareResourceTypes(['Observation', 'DocumentReference']);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('Observation', 'DocumentReference'),
      fc.uniqueArray(anyId, { maxLength: 60, size: 'max' }),
      fc.uniqueArray(anyId, { maxLength: 20 }),
      async (type, ids, later) => {
        run += 1;
        const [connectionId, other] = [`conn_${run}_`, `conn_${run}_0`];
        await write(connectionId, type, ids);
        await write(other, type, ['0', 'zzzz', ...ids.slice(0, 20)]);
        const id = await kickOff(connectionId);
        const names = await namesOf(connectionId, id);
        const files = Math.max(1, Math.ceil(ids.length / 10));
        expect(names).toHaveLength(ids.length === 0 ? 0 : files);
        const read: string[] = [];
        for (const [index, name] of names.entries()) {
          read.push(...(await idsOf(connectionId, id, name)));
          if (index === 0) await write(connectionId, type, later);
        }
        expect(read).toHaveLength(new Set(read).size);
        expect(ids.filter((each) => !read.includes(each))).toEqual([]);
        expect(read.filter((each) => !ids.includes(each) && !later.includes(each))).toEqual([]);
        expect(await namesOf(connectionId, id)).toEqual(names);
        const again = await Promise.all(names.map((name) => idsOf(connectionId, id, name)));
        expect(again.flat().toSorted()).toEqual(names.length > 0 ? [...new Set([...ids, ...later])].toSorted() : []);
      },
    ),
    { numRuns: 15 },
  );
});

test('an export with a search, of patients, or since a time has one file for each type', async () => {
  const [connectionId, type] = ['conn_many', 'Condition'];
  await store.prepareResourceTypes([type]);
  await write(
    connectionId,
    type,
    Array.from({ length: 25 }, (_, index) => `c${index}`),
  );
  const files = async (...parameters: (readonly [string, string])[]) =>
    namesOf(connectionId, await kickOff(connectionId, [['_type', type], ...parameters]));
  expect(await files()).toEqual([1, 2, 3].map((part) => `${type}-${part}.ndjson`));
  expect(await files(['_typeFilter', `${type}?_id=c1,c2`])).toEqual([`${type}.ndjson`]);
  expect(await files(['_since', '2020-01-01T00:00:00Z'])).toEqual([`${type}.ndjson`]);
});

test('an export of some patients has only their resources, in one file, and the patients themselves are never divided', async () => {
  const [connectionId, type] = ['conn_patients', 'Immunization'];
  await store.prepareResourceTypes([type, 'Patient']);
  const numbers = Array.from({ length: 25 }, (_, index) => index);
  await write(
    connectionId,
    'Patient',
    numbers.map((number) => `p${number}`),
  );
  const immunizations = numbers.map((number) => {
    const patient = { reference: `Patient/p${number % 2}` };
    return makeDocument({ resourceType: type, id: `i${number}`, patient }, { connectionId });
  });
  await store.resourceWriter.write(type, immunizations);
  // The ranges of the type are known.
  expect(await namesOf(connectionId, await kickOff(connectionId, [['_type', type]]))).toHaveLength(3);
  const parameters = [
    ['_type', `${type},Patient`],
    ['patient', 'Patient/p1'],
  ] as const;
  const id = await kickOff(connectionId, parameters, 'patient');
  expect((await namesOf(connectionId, id)).toSorted()).toEqual([`${type}.ndjson`, 'Patient.ndjson']);
  const ofPatient = numbers.filter((number) => number % 2 === 1).map((number) => `i${number}`);
  expect((await idsOf(connectionId, id, `${type}.ndjson`)).toSorted()).toEqual(ofPatient.toSorted());
  expect(await idsOf(connectionId, id, 'Patient.ndjson')).toEqual(['p1']);
  const all = await kickOff(connectionId, [['_type', 'Patient']]);
  expect(await namesOf(connectionId, all)).toEqual(['Patient.ndjson']);
});

test('a file of a type that has no such part does not exist', async () => {
  const [connectionId, type] = ['conn_parts', 'Procedure'];
  await store.prepareResourceTypes([type]);
  await write(
    connectionId,
    type,
    Array.from({ length: 15 }, (_, index) => `p${index}`),
  );
  const context = { ...documentContext, connectionId, observedAt: new Date('2027-01-01T00:00:00Z') };
  await store.resourceWriter.write(type, [toTombstone({ resourceId: 'p1', context })]);
  const id = await kickOff(connectionId);
  for (const name of [`${type}.ndjson`, `${type}-0.ndjson`, `${type}-3.ndjson`, `${type}-1-1.ndjson`, `${type}-1`])
    await expect(idsOf(connectionId, id, name)).rejects.toMatchObject({ code: 'unknown-served-export' });
  const read = await Promise.all([1, 2].map((part) => idsOf(connectionId, id, `${type}-${part}.ndjson`)));
  expect(read.map(({ length }) => length)).toEqual([9, 5]);
});

test('a resource is in the output or in the deletions of an export, whatever happens between the reading of two files', async () => {
  const [connectionId, type] = ['conn_window', 'Goal'];
  await store.prepareResourceTypes([type]);
  await write(connectionId, type, ['deleted-later', 'kept']);
  const deleteAt = (resourceId: string, at: string) => {
    const context = { ...documentContext, connectionId, observedAt: new Date(at), now: new Date() };
    return store.resourceWriter.write(type, [toTombstone({ resourceId, context })]);
  };
  await write(connectionId, type, ['created-again']);
  await deleteAt('created-again', '2027-01-01T00:00:00Z');
  const since = [['_since', '2020-01-01T00:00:00Z']] as const;
  const id = await kickOff(connectionId, since);
  const read = async (exportId: string) => [
    (await idsOf(connectionId, exportId, `${type}.ndjson`)).toSorted(),
    await deletionsOf(connectionId, exportId),
  ];
  expect(await read(id)).toEqual([['deleted-later', 'kept'], [`${type}/created-again`]]);
  const kickedOffAt = await store.resourceChanges.settledUntil();
  await waitFor(async () => (await store.resourceChanges.settledUntil()) > kickedOffAt);
  await deleteAt('deleted-later', '2027-02-01T00:00:00Z');
  const again = { resourceType: type, id: 'created-again', meta: { lastUpdated: '2027-02-01T00:00:00Z' } };
  const observedAt = new Date('2027-02-02T00:00:00Z');
  await store.resourceWriter.write(type, [makeDocument(again, { connectionId, observedAt })]);
  // What was deleted or created again since the kick-off belongs to the next window.
  expect(await read(id)).toEqual([['kept'], []]);
  expect(await read(await kickOff(connectionId, since))).toEqual([
    ['created-again', 'kept'],
    [`${type}/deleted-later`],
  ]);
});
