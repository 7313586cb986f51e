import { patientsOf, type Resource } from '@bulkhead/fhir';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type BulkExport, settledTime } from '../bulk-export.record.ts';
import { makeCohortMark } from '../testing/make-records.ts';
import { runExport } from '../testing/run-export.ts';
import { startUseCases, type UseCases } from '../testing/start-use-cases.ts';

// Which patients of a cohort an export requests since when, and that the store then has what the simulated EHR has of them.

type Stored = Resource & { readonly id: string };

const name = 'panel';
const resourceTypes = ['Patient', 'Observation', 'Condition'];
let cases: UseCases;
let ids: string[];
beforeEach(async () => {
  cases = await startUseCases({ simulator: { patients: 6 } });
  ids = (await served('Patient')).map(({ id }) => id);
});
afterEach(() => cases.stop());

const served = async (type: string) =>
  (await cases.control.lines(type)).map((line) => JSON.parse(line) as Stored & { meta: { lastUpdated: string } });

async function setCohort(patients: readonly string[]): Promise<void> {
  const { store } = cases.deps;
  const key = { connectionId: cases.connection.id, name };
  await store.cohorts.save({ key, from: await store.cohorts.find(key), patients, now: cases.clock.now });
}

/** Exports what is new of the cohort. @returns the export, and who was exported since when */
async function exportLast(request: object = {}, now = new Date()) {
  cases.clock.now = now;
  const ended = await runExport(cases, { cohort: name, sinceLast: true, resourceTypes, ...request });
  return { ended, slices: ended.slices?.map(({ patients, since }) => [patients, since] as const) };
}

/** What differs between the store and the EHR, of the patients. */
async function differences(patients: readonly string[]): Promise<string[]> {
  const { store } = cases.deps;
  const found: string[] = [];
  for (const resourceType of resourceTypes) {
    const expected = (await served(resourceType)).filter((content) =>
      patientsOf(content).some((id) => patients.includes(id)),
    );
    for (const { id, meta } of expected) {
      const version = await store.resources.read({ connectionId: cases.connection.id, resourceType, resourceId: id });
      const stored = version?.resource as Partial<(typeof expected)[number]> | undefined;
      if (stored?.meta?.lastUpdated !== meta.lastUpdated) found.push(`${resourceType}/${id} differs`);
    }
    const storedIds = await store.resources.listIds({ connectionId: cases.connection.id, resourceType });
    const here = new Set(expected.map(({ id }) => id));
    const all = new Map((await served(resourceType)).map((content) => [content.id, content]));
    for (const id of storedIds) {
      const content = all.get(id);
      const isOfOther = content && !here.has(id);
      if (!content) found.push(`${resourceType}/${id} is deleted at the EHR`);
      if (isOfOther) found.push(`${resourceType}/${id} is of another patient`);
    }
  }
  return found;
}

async function change(patient: string): Promise<void> {
  const content = (await served('Patient')).find(({ id }) => id === patient);
  await cases.control.put(`Patient/${patient}`, JSON.stringify({ ...content, active: false }));
}

async function removeOneOf(patient: string): Promise<string> {
  const content = (await served('Observation')).find((other) => patientsOf(other).includes(patient));
  await cases.control.remove(`Observation/${content?.id}`);
  return content?.id ?? '';
}

describe('exports of a cohort since the last one', () => {
  test('export a new member in full while the others continue, and all together afterwards', async () => {
    const [one = '', two = '', three = '', late = ''] = ids;
    await setCohort([one, two, three]);
    const first = await exportLast();
    expect(first.slices).toEqual([[[one, two, three], undefined]]);
    expect(first.ended.warnings.map(({ code }) => code)).toEqual(['since-last-full']);
    expect(await differences([one, two, three])).toEqual([]);

    await change(one);
    await removeOneOf(two);
    await setCohort([late, one, two, three]);
    const second = await exportLast();
    expect(second.slices).toEqual([
      [[one, two, three], settledTime(first.ended).text],
      [[late], undefined],
    ]);
    expect(second.ended).toMatchObject({ phase: 'completed', isPartial: false, warnings: [] });
    expect(await differences(ids.slice(0, 4))).toEqual([]);

    await change(late);
    const third = await exportLast();
    expect(third.slices).toEqual([[[late, one, two, three], expect.any(String)]]);
    expect(third.ended.counts.stored - third.ended.counts.unchanged).toBe(1);
    expect(await differences(ids.slice(0, 4))).toEqual([]);
    expect((await exportLast()).ended.counts.stored).toBe(0);
  });

  test('request patients once more in full if their full export lacks a type that is stored of them #evidence', async () => {
    const [one = '', two = ''] = ids;
    await runExport(cases, { resourceTypes });
    await setCohort([one, two]);
    const drop = () => cases.inject('export$', { kind: 'export-types', drop: ['Observation'] });
    const decisionsOf = ({ watermarkDecisions = [] }: BulkExport) =>
      Object.fromEntries(watermarkDecisions.map(({ resourceType, reasons }) => [resourceType, reasons]));
    const continues = async () => (await exportLast()).slices?.[0]?.[1] !== undefined;
    await drop();
    const doubtful = await exportLast();
    expect(decisionsOf(doubtful.ended)).toEqual({ Patient: [], Condition: [], Observation: ['type-missing'] });
    // That the practice has others says nothing about them, and two in a row agree.
    await runExport(cases, { resourceTypes });
    await drop();
    expect(await continues()).toBe(false);
    expect(await continues()).toBe(true);
  });

  test('continue if their full export lacks a type of which nothing is stored of them', async () => {
    const [one = '', two = ''] = ids;
    await setCohort([one]);
    await exportLast();
    await setCohort([two]);
    await cases.inject('export$', { kind: 'export-types', drop: ['Observation'] });
    const ended = (await exportLast()).ended;
    expect([ended.isPartial, ended.warnings.map(({ code }) => code)]).toEqual([
      false,
      ['since-last-full', 'types-missing'],
    ]);
    expect((await exportLast()).slices).toEqual([[[two], expect.any(String)]]);
  });

  test('request a member again in full if the export of the new member failed, and the others from the same time', async () => {
    const [one = '', two = '', late = ''] = ids;
    await setCohort([one, two]);
    await exportLast();
    await setCohort([one, two, late]);
    await cases.inject('export$', { kind: 'status', status: 403 }, { after: 1 });
    const failed = await exportLast();
    expect(failed.ended).toMatchObject({ phase: 'failed' });
    await change(one);
    const next = await exportLast();
    expect(next.slices).toEqual([
      [[one, two], expect.any(String)],
      [[late], undefined],
    ]);
    expect(next.slices?.[0]?.[1]).toBe(failed.slices?.[0]?.[1]);
    expect(await differences([one, two, late])).toEqual([]);
  });

  test('keep the time of a slice whose file failed, and nothing that changed meanwhile is lost', async () => {
    const [one = '', two = ''] = ids;
    await setCohort([one, two]);
    const first = await exportLast();
    await change(one);
    const [observation] = (await served('Observation')).filter((other) => patientsOf(other).includes(two));
    await cases.control.put(`Observation/${observation?.id}`, JSON.stringify({ ...observation, status: 'amended' }));
    await cases.inject('/bulkdata/.*Patient', { kind: 'status', status: 404 }, { times: 'always' });
    const failed = await exportLast();
    expect(failed.ended).toMatchObject({ phase: 'completed', isPartial: true, counts: { filesFailed: 1, stored: 1 } });
    await cases.control.cancelOrders();
    await change(two);
    const next = await exportLast();
    expect(next.slices).toEqual([[[one, two], settledTime(first.ended).text]]);
    expect(await differences([one, two])).toEqual([]);
  });

  test('apply the deletions from before a member joined, if something of the member was stored', async () => {
    const [one = '', late = ''] = ids;
    cases.clock.now = new Date();
    await runExport(cases, { resourceTypes });
    const removed = await removeOneOf(late);
    await setCohort([one, late]);
    expect(await differences(ids)).toContain(`Observation/${removed} is deleted at the EHR`);
    // An export of everything lists no deletions.
    const { slices, ended } = await exportLast();
    expect(slices).toEqual([
      [[one, late], undefined],
      [[one, late], expect.any(String)],
    ]);
    expect(Date.parse(slices?.[1]?.[1] ?? '')).toBeLessThan(cases.connection.createdAt.getTime());
    expect(await differences(ids)).toEqual([]);
    const next = await exportLast();
    expect([next.slices?.length, next.ended.counts.stored]).toEqual([1, 0]);
    // The time of its first slice.
    const since = Date.parse(next.slices?.[0]?.[1] ?? '');
    expect([since > cases.connection.createdAt.getTime(), since <= settledTime(ended).at.getTime()]).toEqual([
      true,
      true,
    ]);
  });

  test('neither use nor move the watermarks of the level, of other types or of other cohorts', async () => {
    const [one = '', two = ''] = ids;
    const { store } = cases.deps;
    const connectionId = cases.connection.id;
    await setCohort([one]);
    await exportLast();
    expect(await cases.markedTypes()).toEqual([]);
    await runExport(cases, { resourceTypes });
    const marks = await store.watermarks.list({ connectionId });
    await setCohort([one, two]);
    expect((await exportLast()).slices).toEqual([
      [[one], expect.any(String)],
      [[two], undefined],
      [[two], expect.any(String)],
    ]);
    expect(await store.watermarks.list({ connectionId })).toEqual(marks);
    expect((await exportLast({ resourceTypes: ['Patient'] })).slices?.[0]).toEqual([[one, two], undefined]);
    expect((await exportLast({ resourceTypes: [] })).slices?.[0]).toEqual([[one, two], undefined]);
    const key = { connectionId, name: 'other' };
    await store.cohorts.save({ key, from: undefined, patients: [one], now: new Date() });
    expect((await exportLast({ cohort: 'other' })).slices?.[0]).toEqual([[one], undefined]);
  });

  test('continue an export of every type only while no scope and no type was added', async () => {
    const [one = ''] = ids;
    await setCohort([one]);
    await exportLast({ resourceTypes: [] });
    expect((await exportLast({ resourceTypes: [] })).slices).toEqual([[[one], expect.any(String)]]);
    const marks = cases.deps.store.cohortMarks;
    const mark = await marks.find(`${cases.connection.id}/${name}/Patient/*`);
    if (mark) await marks.advance({ ...mark, coverage: { scope: 'system/Patient.read', offered: ['Patient'] } });
    expect((await exportLast({ resourceTypes: [] })).slices?.[0]).toEqual([[one], undefined]);
  });

  test('of a time that leaves a gap move no mark', async () => {
    const [one = ''] = ids;
    await setCohort([one]);
    const first = await exportLast();
    cases.clock.now = new Date();
    const since = cases.clock.now.toISOString();
    const gap = await runExport(cases, { cohort: name, since, resourceTypes });
    expect(gap.watermarkDecisions?.every(({ reasons }) => reasons.includes('gap'))).toBe(true);
    expect((await exportLast()).slices).toEqual([[[one], settledTime(first.ended).text]]);
  });

  test('request everything after the clock of the EHR went back', async () => {
    const [one = ''] = ids;
    await setCohort([one]);
    await exportLast();
    const { store } = cases.deps;
    await store.watermarks.forget({ connectionId: cases.connection.id, exportType: 'Patient' });
    await store.cohortMarks.forget({ connectionId: cases.connection.id, exportType: 'Group' });
    expect((await exportLast()).slices).toEqual([[[one], expect.any(String)]]);
    const inHours = (hours: number) => new Date(Date.now() + hours * 60 * 60_000);
    const ahead = { transactionTime: inHours(1).toISOString(), kickOffSentAt: inHours(1) };
    await cases.insertExport({ phase: 'completed', ...ahead });
    const back = await exportLast({}, inHours(2));
    expect(back.ended.warnings.map(({ code }) => code)).toContain('ehr-clock-went-back');
    expect((await exportLast()).slices?.[0]).toEqual([[one], undefined]);
  });

  test('keep what the complete slices of an export that failed have stored', async () => {
    await cases.stop();
    cases = await startUseCases({
      simulator: { patients: 6 },
      provider: { kickOff: { patientsPerRequest: 2, parameters: ['patient'] } },
    });
    await setCohort(ids.slice(0, 4));
    await cases.inject('export$', { kind: 'status', status: 403 }, { after: 1 });
    expect((await exportLast()).ended.phase).toBe('failed');
    const next = await exportLast();
    expect(next.slices).toEqual([
      [ids.slice(0, 2), expect.any(String)],
      [ids.slice(2, 4), undefined],
    ]);
    // A patient who left the cohort and is back is new.
    await setCohort(ids.slice(1, 4));
    expect((await exportLast()).slices?.map(([, since]) => since !== undefined)).toEqual([true, true]);
    await setCohort(ids.slice(0, 4));
    expect((await exportLast()).slices?.map(([patients, since]) => [patients, since !== undefined])).toEqual([
      [ids.slice(1, 3), true],
      [ids.slice(3, 4), true],
      [ids.slice(0, 1), false],
      [ids.slice(0, 1), true],
    ]);
    expect(await differences(ids.slice(0, 4))).toEqual([]);
  });

  test('are not covered by a mark that is later than the full export of a patient', async () => {
    const { cohortMarks } = cases.deps.store;
    const at = new Date('2024-02-01T00:00:00Z');
    const mark = makeCohortMark({ patients: ['p1'], at, transactionTime: at.toISOString(), deletionsAt: at });
    await cohortMarks.advance(mark);
    const earlier = new Date('2024-01-31T00:00:00Z');
    await cohortMarks.join({ ...mark, patients: ['p2'], at: earlier });
    await cohortMarks.advance({ ...mark, patients: ['p2'], at: earlier });
    expect(await cohortMarks.find(mark.id)).toEqual(mark);
    await cohortMarks.join({ ...mark, patients: ['p1', 'p3'], deletionsAt: earlier });
    expect(await cohortMarks.find(mark.id)).toEqual({ ...mark, patients: ['p1', 'p3'], deletionsAt: earlier });
    expect(await cohortMarks.removePatient({ connectionId: mark.connectionId, patientId: 'p1' })).toBe(1);
    expect((await cohortMarks.find(mark.id))?.patients).toEqual(['p3']);
  });
});

describe('two full exports of a cohort in a row', () => {
  const exportFull = (request: object = {}) => {
    cases.clock.now = new Date();
    return runExport(cases, { cohort: name, resourceTypes, ...request });
  };
  const codes = ({ warnings }: BulkExport) => warnings.map(({ code }) => code);
  const idsOf = (resourceType: string) =>
    cases.deps.store.resources.listIds({ connectionId: cases.connection.id, resourceType });
  /** Moves one Observation of a patient, as a lab does that was recorded for the wrong patient. */
  async function move(from: string, to: string): Promise<string> {
    const [content] = (await served('Observation')).filter((other) => patientsOf(other).includes(from));
    const id = content?.id ?? '';
    await cases.control.put(
      `Observation/${id}`,
      JSON.stringify({ ...content, subject: { reference: `Patient/${to}` } }),
    );
    return id;
  }

  test('end what has moved to a patient outside of it, and an export of that patient has it', async () => {
    const [one = '', two = '', other = ''] = ids;
    await setCohort([one, two]);
    await exportFull();
    const moved = await move(one, other);
    await exportLast();
    const once = await exportFull();
    expect([once.counts.deleted, codes(once)]).toEqual([0, []]);
    expect(await differences([one, two])).toEqual([`Observation/${moved} is of another patient`]);
    const twice = await exportFull();
    expect([twice.counts.deleted, codes(twice)]).toEqual([1, ['deletions-inferred']]);
    expect(await differences([one, two])).toEqual([]);
    expect(await idsOf('Observation')).not.toContain(moved);
    await runExport(cases, { resourceTypes });
    expect(await differences(ids)).toEqual([]);
  });

  test('end it in each slice, also if the cohort is cut in another way and others have joined meanwhile', async () => {
    await cases.stop();
    cases = await startUseCases({
      simulator: { patients: 6 },
      provider: { kickOff: { patientsPerRequest: 2, parameters: ['patient'] } },
    });
    const [one = '', two = '', three = '', late = '', other = ''] = ids;
    await setCohort([one, two, three]);
    await exportFull();
    const moved = [await move(one, other), await move(three, other)];
    await exportFull();
    await setCohort([late, one, two, three]);
    // Only the new patient is exported in full.
    await exportLast();
    const ended = await exportFull();
    expect(ended.slices?.map(({ patients }) => patients)).toEqual([
      [late, one],
      [two, three],
    ]);
    expect(ended.counts.deleted).toBe(2);
    expect((await idsOf('Observation')).filter((id) => moved.includes(id))).toEqual([]);
    expect(await differences([one, two, three, late])).toEqual([]);
  });

  test('keep everything of a patient of whom one of them has no Patient, because the patient has perhaps left the Group', async () => {
    const [one = '', two = '', three = ''] = ids;
    await setCohort([one, two, three]);
    await exportFull();
    const before = await idsOf('Observation');
    await move(one, ids[5] ?? '');
    const gone = (await served('Patient')).find(({ id }) => id === one);
    await cases.control.remove(`Patient/${one}`);
    await exportFull();
    await exportFull();
    expect(await idsOf('Observation')).toEqual(before);
    await cases.control.put(`Patient/${one}`, JSON.stringify({ ...gone, active: false }));
    expect((await exportFull()).counts.deleted).toBe(0);
    expect((await exportFull()).counts.deleted).toBe(1);
  });

  test('keep what is also about another patient', async () => {
    const [one = '', two = '', other = ''] = ids;
    const request = { resourceTypes: ['Patient', 'Appointment'] };
    const [content] = (await served('Appointment')).filter((resource) => patientsOf(resource).includes(one));
    const withPatients = (...patients: readonly string[]) =>
      cases.control.put(
        `Appointment/${content?.id}`,
        JSON.stringify({
          ...content,
          participant: patients.map((id) => ({ actor: { reference: `Patient/${id}` }, status: 'accepted' })),
        }),
      );
    await withPatients(one, other);
    await setCohort([one, two]);
    await exportFull(request);
    const before = await idsOf('Appointment');
    expect(before).toContain(content?.id);
    await withPatients(other);
    for (const _ of [1, 2, 3]) await exportFull(request);
    expect(await idsOf('Appointment')).toEqual(before);
  });

  test.each([
    { what: 'are of other types', request: { resourceTypes: ['Patient', 'Condition'] } },
    { what: 'leave out something else', request: { resourceTypes, typeFilters: ['Observation?status=final'] } },
  ])('do not count if they $what', async ({ request }) => {
    const [one = '', two = '', other = ''] = ids;
    await setCohort([one, two]);
    await exportFull();
    await move(one, other);
    for (const _ of [1, 2, 3]) expect((await exportFull(request)).counts.deleted).toBe(0);
    expect((await exportFull()).counts.deleted).toBe(0);
  });
});
