import { patientsOf, type Resource } from '@bulkhead/fhir';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { BulkExport } from '../bulk-export.record.ts';
import { runExport } from '../testing/run-export.ts';
import { startUseCases, type UseCases } from '../testing/start-use-cases.ts';

// What exports of a Group whose members change request and store. The simulated EHR sends no older data of a new member with the changes.

type Stored = Resource & { readonly id: string; readonly meta: { readonly lastUpdated: string } };

const resourceTypes = ['Patient', 'Observation', 'Condition'];
let cases: UseCases;
let ids: string[];
beforeEach(() => open({ groupId: 'registry' }));
afterEach(() => cases.stop());

async function open(connection: { readonly groupId: string }): Promise<void> {
  cases = await startUseCases({ simulator: { patients: 6 }, connection });
  ids = (await served('Patient')).map(({ id }) => id);
}

const served = async (type: string) => (await cases.control.lines(type)).map((line) => JSON.parse(line) as Stored);

async function setMembers(groupMembers: readonly string[], others: object = {}): Promise<void> {
  await cases.control.cancelOrders();
  await cases.control.orderSettings({ groupId: cases.connection.groupId, groupMembers, ...others });
}

async function exportGroup(request: object = { sinceLast: true }): Promise<BulkExport> {
  // An export moves the clock instead of waiting.
  cases.clock.now = new Date(Math.max(Date.now(), cases.clock.now.getTime() + 1000));
  const { store } = cases.deps;
  const connectionId = cases.connection.id;
  const [mark] = await store.watermarks.list({ connectionId, exportType: 'Group' });
  const isLast = 'sinceLast' in request && mark !== undefined;
  const since = isLast ? { since: mark.transactionTime } : {};
  return runExport(cases, { exportType: 'Group', resourceTypes, ...since, ...request });
}

const partsOf = ({ slices }: BulkExport) => slices?.map(({ patients, since }) => [patients, since !== undefined]);
const codesOf = ({ warnings }: BulkExport) => warnings.map(({ code }) => code);

async function change(patient: string): Promise<void> {
  const content = (await served('Patient')).find(({ id }) => id === patient);
  await cases.control.put(`Patient/${patient}`, JSON.stringify({ ...content, active: false }));
}

async function observationOf(patient: string): Promise<Stored> {
  const found = (await served('Observation')).find((other) => patientsOf(other).includes(patient));
  if (!found) throw new Error(`${patient} has no Observation`);
  return found;
}

/** What the store lacks, or has in another version, of what the EHR has of these patients. */
async function missing(patients: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const resourceType of resourceTypes) {
    const expected = (await served(resourceType)).filter((content) =>
      patientsOf(content).some((id) => patients.includes(id)),
    );
    for (const { id: resourceId, meta } of expected) {
      const version = await cases.deps.store.resources.read({
        connectionId: cases.connection.id,
        resourceType,
        resourceId,
      });
      const stored = version?.resource as Partial<Stored> | undefined;
      if (stored?.meta?.lastUpdated !== meta.lastUpdated) found.push(`${resourceType}/${resourceId}`);
    }
  }
  return found;
}

describe('exports of a Group since the last one', () => {
  test('request the whole record of a member who joined, and then only what is new of all #members', async () => {
    const [one = '', two = '', late = ''] = ids;
    await setMembers([one, two]);
    expect(codesOf(await exportGroup())).not.toContain('members-joined');
    await setMembers([one, two, late]);
    await change(late);
    const second = await exportGroup();
    expect(partsOf(second)).toEqual([
      [[], false],
      [[late], false],
    ]);
    expect(second).toMatchObject({ phase: 'completed', isPartial: false });
    expect(await missing([one, two, late])).toEqual([]);
    await change(one);
    const third = await exportGroup();
    expect([partsOf(third), third.counts.stored, codesOf(third)]).toEqual([undefined, 1, []]);
  });

  test('notice a member by any resource, not only by a Patient #members', async () => {
    const [one = '', late = ''] = ids;
    await setMembers([one]);
    await exportGroup();
    await setMembers([one, late]);
    const observation = await observationOf(late);
    await cases.control.put(`Observation/${observation.id}`, JSON.stringify({ ...observation, status: 'amended' }));
    expect(partsOf(await exportGroup())?.[1]).toEqual([[late], false]);
    expect(await missing([one, late])).toEqual([]);
  });

  test('request the deletions too of a new member of whom something was stored #members', async () => {
    const [one = '', late = ''] = ids;
    await cases.control.orderSettings({ groupId: 'other', groupMembers: [one, late] });
    cases.clock.now = new Date();
    await runExport(cases, { exportType: 'Patient', resourceTypes });
    const { id: resourceId } = await observationOf(late);
    await cases.control.remove(`Observation/${resourceId}`);
    await setMembers([one]);
    await exportGroup();
    await setMembers([one, late]);
    await change(late);
    expect(partsOf(await exportGroup())).toEqual([
      [[], false],
      [[late], false],
      [[late], true],
    ]);
    const { store } = cases.deps;
    const stored = await store.resources.listIds({ connectionId: cases.connection.id, resourceType: 'Observation' });
    expect(stored).not.toContain(resourceId);
    expect(partsOf(await exportGroup())).toBeUndefined();
  });

  test('request everything next, and say why, if the EHR does not export single patients #members', async () => {
    const [one = '', late = ''] = ids;
    await setMembers([one]);
    await exportGroup();
    await setMembers([one, late]);
    await change(late);
    const { connections } = cases.deps.store;
    const { capabilities } = (await connections.find(cases.connection.id)) ?? {};
    if (capabilities)
      await connections.saveCapabilities({
        id: cases.connection.id,
        capabilities: { ...capabilities, bulkDataVersion: 1 },
      });
    const second = await exportGroup();
    expect([partsOf(second), codesOf(second)]).toEqual([undefined, ['members-joined']]);
    expect(await missing([late])).not.toEqual([]);
    const third = await exportGroup();
    expect(third.request.since).toBeUndefined();
    expect(third.warnings[0]).toMatchObject({
      code: 'since-last-full',
      message: expect.stringContaining('1 patients have joined'),
    });
    expect(await missing([one, late])).toEqual([]);
    expect((await exportGroup()).request.since).toBeDefined();
  });

  test('request everything next if the export of a new member failed #members', async () => {
    const [one = '', late = ''] = ids;
    await setMembers([one]);
    await exportGroup();
    await setMembers([one, late]);
    await change(late);
    await cases.inject('export$', { kind: 'status', status: 403 }, { after: 1 });
    expect((await exportGroup()).phase).toBe('failed');
    await setMembers([one, late]);
    const next = await exportGroup();
    expect([next.request.since, next.phase]).toEqual([undefined, 'completed']);
    expect(await missing([one, late])).toEqual([]);
    expect((await exportGroup()).request.since).toBeDefined();
  });

  test('request a new member who appeared in an export whose files failed #members', async () => {
    const [one = '', late = ''] = ids;
    await setMembers([one]);
    await exportGroup();
    await setMembers([one, late]);
    await change(late);
    const observation = await observationOf(late);
    await cases.control.put(`Observation/${observation.id}`, JSON.stringify({ ...observation, status: 'amended' }));
    await cases.inject('/bulkdata/.*Observation', { kind: 'status', status: 404 }, { times: 'always' });
    expect(partsOf(await exportGroup())).toBeUndefined();
    await setMembers([one, late]);
    expect(partsOf(await exportGroup())?.[1]).toEqual([[late], false]);
    expect(await missing([one, late])).toEqual([]);
  });

  test('request a patient whom an export of single patients has stored #members', async () => {
    const [one = '', late = ''] = ids;
    await setMembers([one]);
    await exportGroup();
    await setMembers([one, late]);
    await exportGroup({ patients: [late], resourceTypes: ['Patient'] });
    expect(partsOf(await exportGroup())?.[1]).toEqual([[late], false]);
    expect(await missing([one, late])).toEqual([]);
  });

  test('request the whole record of a member who joined while an export ran #members', async () => {
    const [one = '', late = ''] = ids;
    await setMembers([one]);
    await exportGroup();
    cases.clock.now = new Date(cases.clock.now.getTime() + 1000);
    const id = await cases.exporting({ request: { exportType: 'Group', resourceTypes } });
    await setMembers([one, late]);
    await change(late);
    expect((await runExport(cases, {}, id)).phase).toBe('completed');
    expect(partsOf(await exportGroup())?.[1]).toEqual([[late], false]);
    expect(await missing([one, late])).toEqual([]);
  });

  test('say who left, and request the whole record of a member who is back #members', async () => {
    const [one = '', two = ''] = ids;
    await setMembers([one, two]);
    await exportGroup();
    await setMembers([one]);
    const observation = await observationOf(two);
    await cases.control.put(`Observation/${observation.id}`, JSON.stringify({ ...observation, status: 'amended' }));
    const full = await exportGroup({});
    expect(full.warnings).toContainEqual(
      expect.objectContaining({
        code: 'members-left',
        message: expect.stringMatching(/^1 stored patients are no longer/),
      }),
    );
    expect(partsOf(await exportGroup())).toBeUndefined();
    await setMembers([one, two]);
    await change(two);
    expect(partsOf(await exportGroup())?.[1]).toEqual([[two], false]);
    expect(await missing([one, two])).toEqual([]);
    expect(codesOf(await exportGroup({}))).not.toContain('members-left');
  });

  test('request nothing more of the Group of a whole practice, in which a new patient is new at the EHR #members', async () => {
    await cases.stop();
    await open({ groupId: 'a-1.C-195900' });
    const [one = '', late = ''] = ids;
    await setMembers([one]);
    await exportGroup();
    await setMembers([one, late]);
    await change(late);
    const second = await exportGroup();
    expect([partsOf(second), codesOf(second)]).toEqual([undefined, []]);
  });
});
