import { runJob } from '@bulkhead/queues/testing';
import { ageChanges, makeDocument } from '@bulkhead/records/testing';
import { withMethods } from '@bulkhead/store/testing';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { countReferencesJob } from '../../export/jobs.ts';
import { exportWork } from '../../export/steps.ts';
import { runExport } from '../../export/testing/index.ts';
import { startUseCases, type UseCases } from '../../export/testing/start-use-cases.ts';
import { type ScanDeps, scanReferences } from '../steps/index.ts';

let cases: UseCases;
beforeEach(async () => {
  cases = await startUseCases();
});
afterEach(() => cases.stop());

const signal = new AbortController().signal;
const progress = () => undefined;
const scan = (deps: ScanDeps = cases.deps) =>
  scanReferences(deps, { connectionId: cases.connection.id, signal, progress });
const open = () => cases.deps.store.openReferences.count(cases.connection.id);

function store(resourceType: string, resources: readonly object[]) {
  const { id: connectionId } = cases.connection;
  const documents = resources.map((resource) =>
    makeDocument(JSON.stringify({ resourceType, ...resource }), { connectionId }),
  );
  return cases.deps.store.resourceWriter.write(resourceType, documents);
}

const encounter = (id: string, practitioner: string) => ({
  id,
  participant: [{ individual: { reference: `Practitioner/${practitioner}` } }],
});

/** The dependencies of a scan that notes which resources it reads. */
function noting(read: string[], failsAfter = Number.POSITIVE_INFINITY): ScanDeps {
  const { store } = cases.deps;
  const resourceChanges = withMethods(store.resourceChanges, {
    async *readInOnePass(...reading: Parameters<typeof store.resourceChanges.readInOnePass>) {
      for await (const change of store.resourceChanges.readInOnePass(...reading)) {
        if (read.length === failsAfter) throw new Error('killed');
        read.push(change.resourceId);
        yield change;
      }
    },
  });
  return { ...cases.deps, store: { ...store, resourceChanges } };
}

const age = () => ageChanges({ mongodbUri: cases.mongodbUri, resourceTypes: ['Encounter', 'Practitioner'] });

test('an export counts what it leaves open after it has ended, and an export that contains it leaves nothing open', async () => {
  const drop = ['Location', 'Organization', 'Practitioner'];
  await cases.inject({ path: 'export$' }, { kind: 'export-types', drop });
  const first = await runExport(cases);
  expect(first).toMatchObject({ phase: 'completed', openReferences: { Location: 4, Organization: 1 } });
  expect(Object.keys(first.openReferences ?? {})).toEqual(drop);
  expect(first).not.toHaveProperty('references');
  expect(await runExport(cases)).toMatchObject({ phase: 'completed', openReferences: {} });
});

test('a count whose job was lost is made by the sweep, once', async () => {
  const { bulkExports } = cases.deps.store;
  const { id, phase } = await cases.insertExport({ phase: 'completed' });
  const counts = async () => {
    const jobs = await Promise.all(
      cases.deps.producer.queues.map((queue) => queue.getJobs(['waiting', 'prioritized'])),
    );
    return jobs.flat().filter(({ name }) => name === countReferencesJob.name).length;
  };
  await exportWork(cases.deps).ensureJobs();
  expect(await counts()).toBe(0);
  await bulkExports.update({ id, phase, change: { references: 'due' } });
  await exportWork(cases.deps).ensureJobs();
  await exportWork(cases.deps).ensureJobs();
  expect(await counts()).toBe(1);
  await runJob(cases.deps, countReferencesJob, { exportId: id });
  expect([await bulkExports.listUncountedIds(), (await cases.read(id)).openReferences]).toEqual([[], {}]);
});

test('a scan reads only what has changed, and one that is interrupted continues after what it has looked through', async () => {
  const encounters = Array.from({ length: 1200 }, (_, index) => encounter(`e${index}`, `p${index}`));
  for (const part of [encounters.slice(0, 600), encounters.slice(600)]) {
    await store('Encounter', part);
    await age();
  }
  const first: string[] = [];
  await expect(scan(noting(first, 1100))).rejects.toThrow('killed');
  expect(await open()).toEqual({ Practitioner: 1000 });
  const second: string[] = [];
  await scan(noting(second));
  expect([second.length, await open()]).toEqual([600, { Practitioner: 1200 }]);
  await store('Encounter', [encounter('new', 'other')]);
  await store('Practitioner', [{ id: 'p7' }, { id: 'p8' }]);
  const third: string[] = [];
  await scan(noting(third));
  expect([third.toSorted(), await open()]).toEqual([['new', 'p7', 'p8'], { Practitioner: 1199 }]);
  // Others can still become visible before these.
  const until = await cases.deps.store.resourceChanges.settledUntil();
  const marks = Object.values(await cases.deps.store.openReferences.readMarks(cases.connection.id));
  expect([marks.length, marks.filter((mark) => mark > until)]).toEqual([2, []]);
});

test('a target that is stored while a scan runs is not open after the next one', async () => {
  const { openReferences } = cases.deps.store;
  await store('Encounter', [encounter('e1', 'p1'), encounter('e2', 'p2')]);
  const late = withMethods(openReferences, {
    async add(...added: Parameters<typeof openReferences.add>) {
      await store('Practitioner', [{ id: 'p1' }]);
      return openReferences.add(...added);
    },
  });
  await scan({ ...cases.deps, store: { ...cases.deps.store, openReferences: late } });
  await scan();
  expect(await open()).toEqual({ Practitioner: 1 });
});
