import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { cancelExport } from '../commands.ts';
import { discardExport } from '../finish/discard-export.job.ts';
import { runExport } from '../testing/run-export.ts';
import { startUseCases, type UseCases } from '../testing/start-use-cases.ts';

// Exports of listed patients at an EHR that exports only Groups, and whose clients make them.

let cases: UseCases;
let ids: string[];

async function start(form: 'member' | 'patientIds'): Promise<void> {
  cases = await startUseCases({
    simulator: { patients: 4, exportLevels: ['group'] },
    provider: { kickOff: { madeGroups: form, patientsPerRequest: 2 } },
  });
  await cases.control.orderSettings({ madeGroups: form });
  ids = (await cases.control.lines('Patient')).map((line) => (JSON.parse(line) as { readonly id: string }).id);
}
beforeEach(() => start('member'));
afterEach(() => cases.stop());

const stored = () => cases.deps.store.resources.listIds({ connectionId: cases.connection.id, resourceType: 'Patient' });
const sent = async (method: string) =>
  (await cases.control.requests(/\/Group(\/[^/$]+)?$/)).filter((request) => request.method === method).length;
const patientsOnly = { resourceTypes: ['Patient'] };

test.each(['member', 'patientIds'] as const)(
  'a Group with `%s` is made for each part, and deleted after it',
  async (form) => {
    await cases.stop();
    await start(form);
    const listed = ids.slice(0, 3);
    const ended = await runExport(cases, { ...patientsOnly, patients: listed });
    expect(ended).toMatchObject({ phase: 'completed', level: 'Patient', isOfGroup: false, counts: { stored: 3 } });
    expect([await stored(), await sent('POST'), await sent('DELETE')]).toEqual([listed.toSorted(), 2, 2]);
    const again = await runExport(cases, { ...patientsOnly, patients: listed });
    expect(again).toMatchObject({ phase: 'completed', counts: { unchanged: 3 } });
  },
);

test('a patient whom the EHR does not know is named by its words, and no Group is left', async () => {
  const ended = await runExport(cases, { ...patientsOnly, patients: ['unknown-1'] });
  expect(ended).toMatchObject({
    phase: 'failed',
    error: { ehrText: expect.stringContaining('The patients of the Group are not known') },
  });
  expect(await sent('DELETE')).toBe(0);
});

test('a kick-off that is repeated uses the Group that was made, and one that fails deletes it', async () => {
  await cases.inject('export$', { kind: 'status', status: 503 }, { times: 2 });
  expect(await runExport(cases, { ...patientsOnly, patients: ids.slice(0, 1) })).toMatchObject({ phase: 'completed' });
  expect([await sent('POST'), await sent('DELETE')]).toEqual([1, 1]);
  await cases.inject('export$', { kind: 'status', status: 403 }, { times: 'always' });
  const failed = await runExport(cases, { ...patientsOnly, patients: ids.slice(0, 1) });
  expect(failed).toMatchObject({ phase: 'failed', error: { code: 'ehr-forbidden' } });
  expect([await sent('POST'), await sent('DELETE')]).toEqual([2, 2]);
});

test('a cancelled export deletes its Group', async () => {
  const { id } = await cases.insertExport({
    connectionId: cases.connection.id,
    request: { exportType: 'Patient', ...patientsOnly, patients: ids.slice(0, 1) },
    phase: 'kicking-off',
    madeGroup: `${cases.connection.fhirEndpoint}/Group/gone`,
  });
  const find = async () => cases.read(id);
  await cancelExport({ ...cases.deps, find, by: undefined });
  const signal = AbortSignal.timeout(10_000);
  await discardExport(cases.deps, { exportId: id, signal, retryAt: () => undefined });
  expect([await sent('DELETE'), (await find()).discard]).toEqual([1, 'done']);
});
