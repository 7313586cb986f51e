import { noteDocuments } from '@bulkhead/documents/steps';
import { countOfPatient } from '@bulkhead/erasure';
import { ErasureService } from '@bulkhead/erasure/commands';
import { allPatientsOf } from '@bulkhead/fhir';
import { isErasedEntry } from '@bulkhead/records';
import { makeDocument } from '@bulkhead/records/testing';
import type { Store } from '@bulkhead/system';
import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import {
  type ErasureCases,
  type ErasureTemplate,
  fillTemplate,
  kindsOf,
  splitErased,
  startErasureCases,
  withoutProof,
} from './erasure-cases.fixture.ts';
import { attachmentPaths, planted, referencePathsTo } from './r4-elements.fixture.ts';

let erasures: ErasureCases;
let store: Store;
let template: ErasureTemplate;
beforeAll(async () => {
  template = await fillTemplate();
});
beforeEach(async () => {
  erasures = await startErasureCases(template);
  store = erasures.cases.deps.store;
});
afterEach(() => erasures.stop());

const connectionId = 'conn_planted';
const patientId = 'planted-patient';
const ofPatient = { reference: `Patient/${patientId}` };
type Planted = ReturnType<typeof planted> & { readonly id?: string };

const owner = { subject: ofPatient, patient: ofPatient, link: [{ target: ofPatient }], for: ofPatient };

/** Makes a resource the patient's. One that cannot say so is contained in an Observation. */
function owned(resource: Planted): Planted {
  if (resource.resourceType === 'Patient') return { ...resource, id: patientId };
  const own = { ...owner, ...resource };
  return allPatientsOf({ id: '', ...own }).includes(patientId)
    ? own
    : { resourceType: 'Observation', subject: ofPatient, contained: [resource] };
}

/** Stores resources as a worker does. @returns how many were stored */
async function write(resources: readonly Planted[], into: Store = store): Promise<number> {
  const now = erasures.cases.clock.now;
  let written = 0;
  for (const [type, ofType] of Map.groupBy(resources, ({ resourceType }) => resourceType)) {
    const documents = ofType.map((resource) => makeDocument(resource, { connectionId, observedAt: now, now }));
    written += (await into.resourceWriter.write(type, documents)).written;
  }
  return written;
}

/** Opens the store of another worker. */
async function openAnother(): Promise<Store> {
  const another = await erasures.openStore();
  another.resourceWriter.subscribe(() => noteDocuments({ ...erasures.cases.deps, store: another }));
  return another;
}

const named = (resources: readonly Planted[], prefix: string) =>
  resources.map((resource, index) => ({ ...resource, id: resource.id ?? `${prefix}${index}` }));
const binaries = (ids: readonly string[]) =>
  ids.map((id) => ({ resourceType: 'Binary', id, contentType: 'text/plain' }));
const storedBinaries = () => store.resources.listIds({ connectionId, resourceType: 'Binary' });
const erase = async () =>
  erasures.runToEnd(await erasures.request({ kind: 'patient', patientId, connectionId, keepsOut: true }));

test('an erasure with keep-out ends the Binaries of every Attachment and Reference of R4, and later ones in any order', async () => {
  const places = [
    ...attachmentPaths.map((path) => ({ path, toValue: (id: string): object => ({ url: `Binary/${id}` }) })),
    ...referencePathsTo('Binary').map((path) => ({ path, toValue: (id: string) => ({ reference: `Binary/${id}` }) })),
  ].filter(({ path }) => path !== 'Binary.securityContext');
  expect(places.length).toBeGreaterThan(100);
  const idsOf = (name: string) => places.map((_, index) => `${name}${index}`);
  const resourcesOf = (name: string) =>
    named(
      places.map(({ path, toValue }, index) => owned(planted(path, toValue(`${name}${index}`)))),
      `of-${name}`,
    );
  const inContext = [
    { resourceType: 'Binary', id: 'of-patient', securityContext: ofPatient },
    { resourceType: 'Binary', id: 'of-resource', securityContext: { reference: 'DocumentReference/context' } },
  ];
  const context = [{ resourceType: 'DocumentReference', id: 'context', subject: ofPatient }];
  await write([...binaries(['of-another', ...idsOf('first')]), ...inContext, ...context, ...resourcesOf('first')]);
  const { resources } = await countOfPatient(store.features, { connectionId, patientId });
  expect(resources.Binary).toBe(places.length + inContext.length);

  await erase();
  expect(await storedBinaries()).toEqual(['of-another']);

  const another = await openAnother();
  expect(await write([...binaries(idsOf('first')), ...inContext], another)).toBe(0);
  const [before, after] = [idsOf('before'), idsOf('after')];
  await write(binaries(before), another);
  expect(await write([...resourcesOf('before'), ...resourcesOf('after')], another)).toBe(0);
  expect(await write(binaries(after), another)).toBe(0);
  expect(await storedBinaries()).toEqual(['of-another']);
  expect((await store.documents.list({ filter: { connectionId }, limit: 10 })).length).toBe(0);
});

test('after an erasure only resources mention the patient that the dry run has counted', async () => {
  const paths = referencePathsTo('Patient');
  expect(paths.length).toBeGreaterThan(200);
  const identifier = { system: 'https://ehr.example/mrn', value: 'mrn-of-planted' };
  const others: Planted[] = [
    { resourceType: 'Observation', subject: { reference: `Patient/${patientId}#part` } },
    { resourceType: 'Observation', subject: { reference: `Patient?_id=${patientId}` } },
    { resourceType: 'Observation', subject: { reference: `Patient%2F${patientId}` } },
    { resourceType: 'Observation', subject: { type: 'Patient', identifier, display: 'Jane Planted-Name' } },
    { resourceType: 'Observation', note: [{ text: `See Patient/${patientId}.` }] },
  ];
  const resources = named([...paths.map((path) => planted(path, ofPatient)), ...others], 'of-reference');
  await write([{ resourceType: 'Patient', id: patientId, identifier: [identifier] }, ...resources]);
  const service = new ErasureService({ store, producer: erasures.cases.deps.producer });
  const request = { connectionId, patientId, scope: 'all' as const };
  const dryRun = await service.amountsOfPatient(request);
  const erasedCount = Object.values(dryRun.resources).reduce((sum, count) => sum + count, 0);
  const { mentioningResources = 0 } = dryRun.records;
  expect(dryRun.records).not.toHaveProperty('uncheckedResources');
  expect(erasedCount + mentioningResources).toBe(resources.length + 1);
  // The fragment, the search and the percent-encoded slash.
  expect(await service.amountsOfPatient({ ...request, patientId: 'another' })).toMatchObject({
    resources: {},
    records: {},
  });

  await erase();
  const dump = withoutProof(splitErased(await erasures.database.dump()).others);
  const mentions = [...dump].filter(([key, text]) =>
    [patientId, identifier.value, 'Planted-Name'].some((trace) => `${key} ${text}`.includes(trace)),
  );
  expect(mentions).toHaveLength(mentioningResources);
  const kinds = kindsOf(mentions.map(([key]) => key));
  expect(kinds).toEqual(expect.arrayContaining(['Provenance', 'Observation']));
  expect((await service.amountsOfPatient(request)).records).toEqual(
    expect.objectContaining({ mentioningResources: expect.any(Number) }),
  );
  const ids = await store.resources.listIds({ connectionId, resourceType: 'Observation' });
  for (const assigned of [0, 1, 2]) expect(ids).not.toContain(`of-reference${paths.length + assigned}`);
  const entries = await erasures.database.db.collection('Observation').find({ connectionId, erased: true }).toArray();
  expect(entries.every(isErasedEntry)).toBe(true);
});

test('a dry run counts what only the patient leads to, and the names that people have made of the id', async () => {
  const reference = (to: string) => ({ reference: to });
  const other = reference('Patient/another');
  await write([
    { resourceType: 'Patient', id: patientId, managingOrganization: reference('Organization/o1') },
    { resourceType: 'Organization', id: 'o1' },
    {
      resourceType: 'MedicationRequest',
      id: 'r1',
      subject: ofPatient,
      medicationReference: reference('Medication/m1'),
    },
    { resourceType: 'MedicationRequest', id: 'r2', subject: other, medicationReference: reference('Medication/m2') },
    { resourceType: 'Medication', id: 'm1' },
    { resourceType: 'Medication', id: 'm2' },
    { resourceType: 'Encounter', id: 'e1', subject: ofPatient, location: [{ location: reference('Location/l1') }] },
    { resourceType: 'Location', id: 'l1' },
    { resourceType: 'Location', id: 'l2' },
  ]);
  const cohort = `study-${patientId}`;
  for (const name of [cohort, patientId, `${patientId}.x`, 'others'])
    await store.cohorts.save({ key: { connectionId, name }, from: undefined, patients: ['another'], now: new Date() });
  const service = new ErasureService({ store, producer: erasures.cases.deps.producer });
  const dryRun = () => service.amountsOfPatient({ connectionId, patientId, scope: 'all' });
  const staying = { referencedResources: 2, namingCohorts: 3 };
  expect((await dryRun()).records).toEqual(staying);
  await erase();
  // The resources that led to the others are gone.
  expect((await dryRun()).records).toEqual({ namingCohorts: 3 });
});

test('a report that is corrected to a patient who is kept out ends with its document, content and Binary', async () => {
  await erase();
  const another = await openAnother();
  const version = (id: string, versionId: string) => {
    const meta = {
      versionId,
      lastUpdated: new Date(erasures.cases.clock.now.getTime() - 10_000 + Number(versionId)).toISOString(),
    };
    const subject = { reference: `Patient/${id}` };
    return {
      resourceType: 'DocumentReference',
      id: 'd1',
      meta,
      subject,
      content: [{ attachment: { url: 'Binary/b1' } }],
    };
  };
  expect(await write([...binaries(['b1']), version('other', '1')], another)).toBe(2);
  expect(await store.documents.count({ filter: { connectionId }, limit: 10 })).toBe(1);
  expect(await write([version(patientId, '2')], another)).toBe(0);
  expect(await store.documents.count({ filter: { connectionId }, limit: 10 })).toBe(0);
  expect(await storedBinaries()).toEqual([]);
});
