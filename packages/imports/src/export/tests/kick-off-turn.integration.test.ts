import type { Provider } from '@bulkhead/ehr/providers';
import { firstAttempt, runJob } from '@bulkhead/queues/testing';
import { expect, test } from '@jest/globals';
import { retryExport } from '../cancel-and-retry.ts';
import { kickOffWork } from '../kick-off/kick-off.job.ts';
import { pollExport } from '../poll/poll-export.job.ts';
import { runSlice } from '../testing/run-export.ts';
import { startUseCases, type UseCases } from '../testing/start-use-cases.ts';

const hour = 3_600_000;
const signal = () => AbortSignal.timeout(20_000);

/** Runs the kick-off of an export once. @returns the error of the attempt */
const kickOff = ({ deps }: UseCases, exportId: string) =>
  runJob(deps, kickOffWork, { exportId }, { retryAt: firstAttempt, endSignal: signal() }).then(
    () => undefined,
    (error: unknown) => error,
  );
const insert = async (cases: UseCases, change: object = {}) => (await cases.insertExport(change)).id;
const group = { exportType: 'Group', resourceTypes: [] } as const;
const kickOffs = async ({ control }: UseCases) => (await control.requests(/\$export$/)).length;

function withLimit(maxActiveExports: number): Partial<Provider> {
  return { environments: { production: { fhirEndpoint: 'that of the simulator', maxActiveExports } } };
}

test.concurrent('exports of two connections of a practice wait for one of its slots, and name the exports that have them', async () => {
  await using cases = await startUseCases({ simulator: { exportSeconds: 3600 }, provider: withLimit(2) });
  const { connection, deps, read } = cases;
  await deps.store.connections.insert({ ...connection, id: 'conn_2', name: 'The same practice again' });
  await deps.store.connections.insert({
    ...connection,
    id: 'conn_3',
    name: 'Another one',
    practiceId: '7',
    groupId: 'g',
  });
  const first = await insert(cases);
  const second = await insert(cases, { connectionId: 'conn_2', request: { exportType: 'Patient', resourceTypes: [] } });
  const third = await insert(cases, { request: { exportType: 'Patient', resourceTypes: ['Condition'] } });
  const other = await insert(cases, { connectionId: 'conn_3' });
  for (const id of [first, second, other]) expect(await kickOff(cases, id)).toBeUndefined();
  // A repeated attempt keeps its slot.
  expect(await kickOff(cases, first)).toBeUndefined();

  expect(await kickOff(cases, third)).toMatchObject({ code: 'export-slots-used', retry: { afterMs: 30_000 } });
  const { phase, retrying } = await read(third);
  expect({ phase, retrying }).toMatchObject({
    phase: 'queued',
    retrying: { state: 'waiting', code: 'export-slots-used', nextAttemptAt: expect.any(Date) },
  });
  expect(retrying?.message).toContain(first);
  expect(retrying?.message).toContain(second);
  expect(await kickOffs(cases)).toBe(3);

  await cases.control.orderSettings({ exportSeconds: 0 });
  cases.clock.now = (await read(second)).notBefore ?? cases.clock.now;
  await pollExport(deps, { exportId: second, signal: signal() });
  expect(await kickOff(cases, third)).toBeUndefined();
  expect((await read(third)).phase).toBe('exporting');
});

test.concurrent('concurrent kick-offs of a practice never take more slots than there are', async () => {
  await using cases = await startUseCases({ simulator: { exportSeconds: 3600 }, provider: withLimit(2) });
  const ids = await Promise.all(
    ['Patient', 'Condition', 'Immunization', 'Encounter', 'Procedure', 'Observation'].map((type) =>
      insert(cases, { request: { exportType: 'Patient', resourceTypes: [type] } }),
    ),
  );
  const errors = await Promise.all(ids.map((id) => kickOff(cases, id)));
  expect(errors.filter((error) => error === undefined)).toHaveLength(2);
  expect(errors.filter(Boolean).map((error) => (error as { code: string }).code)).toEqual(
    Array.from({ length: 4 }, () => 'export-slots-used'),
  );
  expect(await kickOffs(cases)).toBe(2);
});

test.concurrent('a kick-off within the window of the provider is not sent before its end, and shows when that is', async () => {
  await using cases = await startUseCases({ provider: { kickOffWindow: { hours: 24 } } });
  const { clock, read } = cases;
  const startedAt = clock.now;
  expect(await kickOff(cases, await insert(cases, { request: group }))).toBeUndefined();
  clock.now = new Date(startedAt.getTime() + 23.5 * hour);
  // The window is about Groups.
  expect(await kickOff(cases, await insert(cases))).toBeUndefined();
  const id = await insert(cases, { request: { ...group, resourceTypes: ['Patient'] } });
  expect(await kickOff(cases, id)).toMatchObject({ code: 'kick-off-window' });
  const until = (await read(id)).retrying?.nextAttemptAt;
  expect(until?.getTime()).toBeGreaterThanOrEqual(startedAt.getTime() + 24 * hour);
  expect(await kickOffs(cases)).toBe(2);
  clock.now = new Date((until?.getTime() ?? 0) + 1);
  expect(await kickOff(cases, id)).toBeUndefined();
});

test.concurrent('the window of the provider counts the earlier parts of an export, and its kick-off before a retry', async () => {
  await using cases = await startUseCases({
    provider: { kickOffWindow: { hours: 24 }, kickOff: { patientsPerRequest: 1 } },
  });
  const { clock, deps, read } = cases;
  const lines = await cases.control.lines('Patient');
  const patients = lines.slice(0, 2).map((line) => (JSON.parse(line) as { readonly id: string }).id);
  const id = await insert(cases, { request: { ...group, patients } });
  await runSlice(cases, id);
  expect(await kickOff(cases, id)).toMatchObject({ code: 'kick-off-window' });
  clock.now = new Date(clock.now.getTime() + 25 * hour);
  await cases.inject('/bulkstatus/', { kind: 'status', status: 404 }, { times: 'always' });
  await runSlice(cases, id);
  expect((await read(id)).phase).toBe('failed');
  await retryExport({ ...deps, find: () => read(id) });
  expect(await kickOff(cases, id)).toMatchObject({ code: 'kick-off-window' });
  expect(await kickOff(cases, await insert(cases, { request: group }))).toMatchObject({ code: 'kick-off-window' });
  expect(await kickOffs(cases)).toBe(2);
});

test.concurrent('a part of an export waits for the end of a window of two days, and its kick-off does not time out meanwhile', async () => {
  await using cases = await startUseCases({
    provider: { kickOffWindow: { hours: 48 }, kickOff: { patientsPerRequest: 1 } },
  });
  const { clock, read } = cases;
  const lines = await cases.control.lines('Patient');
  const patients = lines.slice(0, 2).map((line) => (JSON.parse(line) as { readonly id: string }).id);
  const id = await insert(cases, { request: { ...group, patients } });
  await runSlice(cases, id);
  expect(await kickOff(cases, id)).toMatchObject({ code: 'kick-off-window' });
  clock.now = new Date(((await read(id)).retrying?.nextAttemptAt?.getTime() ?? 0) + 1);
  expect(await kickOff(cases, id)).toBeUndefined();
  expect(await kickOffs(cases)).toBe(2);
  // A limit remains.
  const late = await insert(cases, { request: group, createdAt: new Date(clock.now.getTime() - 97 * hour) });
  expect(await kickOff(cases, late)).toMatchObject({ code: 'kick-off-timeout' });
});

test.concurrent('a kick-off that the EHR refuses as too recent is sent once more, a day after the last one, and then fails', async () => {
  await using cases = await startUseCases();
  const { clock, read } = cases;
  const startedAt = clock.now;
  expect(await kickOff(cases, await insert(cases, { request: group }))).toBeUndefined();
  const text = 'The Client requested this Group too recently.';
  const body = { resourceType: 'OperationOutcome', issue: [{ severity: 'error', details: { text } }] };
  await cases.inject('export$', { kind: 'status', status: 400, body }, { times: 'always' });
  clock.now = new Date(startedAt.getTime() + 24 * hour - 600_000);
  const id = await insert(cases, { request: { ...group, resourceTypes: ['Patient'] } });
  expect(await kickOff(cases, id)).toMatchObject({ code: 'kick-off-too-recent' });
  const { retrying } = await read(id);
  expect(retrying).toMatchObject({ state: 'waiting', ehrText: expect.stringContaining(text) });
  const waitMs = (retrying?.nextAttemptAt?.getTime() ?? 0) - clock.now.getTime();
  expect(waitMs).toBeGreaterThan(600_000);
  expect(waitMs).toBeLessThan(700_000);
  // The job runs again earlier, and sends nothing.
  clock.now = new Date(clock.now.getTime() + 60_000);
  expect(await kickOff(cases, id)).toMatchObject({
    code: 'kick-off-too-recent',
    ehrText: expect.stringContaining(text),
  });
  expect(await kickOffs(cases)).toBe(2);
  clock.now = retrying?.nextAttemptAt ?? clock.now;
  expect(await kickOff(cases, id)).toMatchObject({ code: 'kick-off-too-recent', retry: 'never' });
  expect(await kickOffs(cases)).toBe(3);
});
