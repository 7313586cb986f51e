import { compareWithSimulator } from '@bulkhead/records/testing';
import { waitFor } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { spawnWorker } from '../harness/spawn-worker.ts';
import { type System, startSystem } from '../harness/start-system.ts';

const path = '/api/ehr/athenahealth/enhanced-sync';
const runs = '/api/ehr/athenahealth/sync-runs';
/** On a busy machine a run takes longer than the usual half a minute. */
const patient = { prefer: 'wait=290' };
const sync = (system: System, body: object = {}, headers: Record<string, string> = patient) =>
  system.request('POST', path, { connectionId: system.connectionId, ...body }, headers);
const ended = (system: System, id: string) => system.until(`${runs}/${id}`, ({ status }) => status !== 'IN_PROGRESS');

/** Patients are imported by a bulk export, because the EHR has no search over a whole practice. */
async function startWithPatients(patients: number, options: { athenahealthRate?: boolean } = {}): Promise<System> {
  const system = await startSystem({ hasWorker: true, simulator: { patients }, ...options });
  await system.settled(await system.startExport({ resourceTypes: ['Patient'] }));
  return system;
}

const listPatients = ({ store, connectionId }: System) =>
  store.resources.listIds({ connectionId, resourceType: 'Patient' });

const requests = async (system: System, path: RegExp) =>
  (await system.control.requests(path)).filter(({ method }) => method === 'GET');

// Alone, because the simulator records the time of each request in this process.
test('an enhanced sync stores every type of every patient with the fewest requests, and answers as the guide says', async () => {
  await using system = await startWithPatients(3, { athenahealthRate: true });
  const patients = await listPatients(system);
  const answer = await sync(system, { includeStandard: true, includeEnhanced: true });
  expect(answer.status).toBe(200);
  const { data } = answer.body;
  expect(data).toMatchObject({
    standardResources: expect.any(Number),
    enhancedResources: expect.any(Number),
    skipped: [{ resourceType: 'Appointment', reason: expect.stringContaining('by `_id` or by a named query only') }],
  });
  expect(data.total).toBe(data.standardResources + data.enhancedResources);
  // Appointment cannot be searched, and is never counted as zero. The other types are not in the sets of the guide.
  const { differences, compared } = await compareWithSimulator(system);
  expect(
    differences.filter((difference) => !/^(Appointment|Organization|Practitioner|Location)\//.test(difference)),
  ).toEqual([]);
  expect(data.total).toBe(compared);

  const run = (await system.request('GET', `${runs}/${data.id}`)).body.data;
  expect(run).toMatchObject({ status: 'COMPLETED', patients: patients.length, warnings: [] });
  expect(run.requests).toBe(run.minimumRequests);
  expect(run.requests).toBe(10 * patients.length + 1);
  expect(run.byType.map(({ resourceType }: { resourceType: string }) => resourceType)).not.toContain('Appointment');
  expect((await requests(system, /r4\/(Patient|[A-Z][A-Za-z]+)$/)).length).toBe(run.requests);
  expect(await system.violations()).toMatchObject({ total: 0 });
});

test.concurrent('an enhanced sync requests again only what has changed, page by page, and can be limited to some enhanced types', async () => {
  await using system = await startWithPatients(2);
  await sync(system, { includeStandard: false, resourceTypes: ['Encounter', 'CarePlan'] });
  const first = (await requests(system, /r4\/(Encounter|CarePlan)$/)).length;
  expect(first).toBe(4);
  expect((await requests(system, /r4\/Encounter$/))[0]?.parameters).not.toContain('_lastUpdated');
  const secondRun = await sync(system, { includeStandard: false, resourceTypes: ['Encounter', 'CarePlan'] });
  expect(secondRun.body.data).toMatchObject({ standardResources: 0, enhancedResources: 0, total: 0 });
  expect((await requests(system, /r4\/Encounter$/)).at(-1)?.parameters).toContain('_lastUpdated');
  expect(await requests(system, /r4\/Observation$/)).toEqual([]);
});

test.concurrent('an enhanced sync with Prefer: respond-async answers 202 with the URL of the run, which can be cancelled', async () => {
  await using system = await startWithPatients(2);
  // The run does not end before it is cancelled.
  await system.inject('r4/Observation$', { kind: 'latency', ms: 120_000 }, { times: 'always' });
  const answer = await sync(system, {}, { prefer: 'respond-async' });
  expect(answer.status).toBe(202);
  expect(answer.headers.get('preference-applied')).toBe('respond-async');
  const { id, url } = answer.body.data;
  expect(answer.body.data).toMatchObject({ standardResources: 0, enhancedResources: 0, total: 0 });
  expect(answer.headers.get('location')).toBe(url);
  expect(await sync(system)).toMatchObject({ status: 409, body: { error: { details: { syncRunId: id } } } });
  await waitFor(async () => (await system.request('GET', url)).body.data.requests > 0);
  expect((await system.request('DELETE', url)).body.data.status).toBe('CANCELLED');
  expect((await system.request('DELETE', url)).status).toBe(200);
  expect((await system.request('POST', `${url}/retry`)).body.error.code).toBe('nothing-to-retry');
  const list = await system.request('GET', `${runs}?connectionId=${system.connectionId}`);
  expect(list.body.data).toMatchObject([{ id, status: 'CANCELLED' }]);
});

test.concurrent('an enhanced sync answers 202 with the counts so far if Prefer: wait is shorter than the run', async () => {
  await using system = await startWithPatients(2);
  // Encounters arrive long after the wait, and other types long before its end, even on a busy machine.
  await system.inject('r4/Encounter$', { kind: 'latency', ms: 60_000 }, { times: 'always' });
  const answer = await sync(system, {}, { prefer: 'wait=30' });
  expect([answer.status, answer.headers.get('preference-applied')]).toEqual([202, 'wait=30']);
  const { standardResources, enhancedResources, total, url } = answer.body.data;
  expect(standardResources).toBeGreaterThan(0);
  expect(total).toBe(standardResources + enhancedResources);
  await system.request('DELETE', url);
});

test.concurrent('an enhanced sync answers 200 with the counts if it ends within Prefer: wait, which is limited to 290 s', async () => {
  await using system = await startWithPatients(1);
  const answer = await sync(system, { includeEnhanced: false }, { prefer: 'wait=3600' });
  expect([answer.status, answer.headers.get('preference-applied')]).toEqual([200, 'wait=290']);
  expect(answer.body.data.total).toBeGreaterThan(0);
});

test.concurrent('an enhanced sync that fails in part keeps what succeeded, answers 502, and a retry requests only the rest', async () => {
  await using system = await startWithPatients(2);
  const patients = await listPatients(system);
  const outcome = { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'forbidden' }] };
  await system.inject('r4/Condition$', { kind: 'status', status: 403, body: outcome }, { times: 2 });
  const answer = await sync(system, { includeEnhanced: false });
  expect(answer).toMatchObject({ status: 502, body: { error: { code: 'sync-incomplete' } } });
  const { syncRunId, standardResources } = answer.body.error.details;
  expect(standardResources).toBeGreaterThan(patients.length);
  expect(answer.body.error.message).toContain('Condition (2)');
  const before = (await requests(system, /r4\/[A-Z]/)).length;
  expect((await system.request('POST', `${runs}/${syncRunId}/retry`)).status).toBe(202);
  expect(await ended(system, syncRunId)).toMatchObject({ status: 'COMPLETED' });
  const since = (await requests(system, /r4\/[A-Z]/)).slice(before).map((request) => request.path);
  expect(since).toEqual(patients.map(() => expect.stringContaining('/Condition')));
});

test.concurrent('a sync run shows what it waits for and how many requests it has used until the EHR answers again', async () => {
  await using system = await startWithPatients(1);
  const fault = { kind: 'status', status: 503, retryAfter: '1' };
  await system.inject('r4/Procedure$', fault, { times: 'always' });
  const { id } = (await sync(system, { includeEnhanced: false }, { prefer: 'respond-async' })).body.data;
  const status = await waitFor(async () => {
    const { retrying, requests: used } = (await system.request('GET', `${runs}/${id}`)).body.data;
    // The count of requests is kept for some seconds, so the first one can still be 0.
    return retrying.length > 0 && used > 0 ? { retrying, used } : undefined;
  });
  expect(status.retrying).toMatchObject([
    { state: 'waiting', resourceType: 'Procedure', attempts: expect.any(Number), nextAttemptAt: expect.any(String) },
  ]);
  expect(['ehr-unavailable', 'rate-paused']).toContain(status.retrying[0].code);
  await system.control.cancelOrders();
  const run = await ended(system, id);
  expect(run).toMatchObject({ status: 'COMPLETED', retrying: [] });
  const refused = (await requests(system, /r4\/Procedure$/)).filter((request) => request.status === 503).length;
  expect(refused).toBeGreaterThan(0);
  expect(run.requests).toBe(run.minimumRequests + refused);
});

test.concurrent('an enhanced sync retries after a broken connection, and treats a 200 with only an error as a failure', async () => {
  await using system = await startWithPatients(2);
  await system.inject('r4/Procedure$', { kind: 'outcome-in-bundle' });
  await system.inject('r4/Immunization$', { kind: 'reset' });
  const answer = await sync(system, { includeEnhanced: false });
  const message = expect.stringContaining('Procedure (1)');
  expect(answer).toMatchObject({ status: 502, body: { error: { code: 'sync-incomplete', message } } });
});

test.concurrent.each([
  { what: 'after its worker was killed', losesRedis: false },
  { what: 'after its worker was killed and all Redis data was lost', losesRedis: true },
])('an enhanced sync resumes at its last page $what', async ({ losesRedis }) => {
  // Long enough that a busy machine takes no job from the second worker, too, which would send its requests once more.
  await using system = await startSystem({ simulator: { patients: 4 }, env: { WORKER_LOCK_MS: '6000' } });
  await using first = spawnWorker(system.env);
  await system.settled(await system.startExport({ resourceTypes: ['Patient'] }));
  await system.inject('r4/Procedure$', { kind: 'latency', ms: 400 }, { times: 'always' });
  const answer = await sync(system, { includeEnhanced: false }, { prefer: 'respond-async' });
  const { id } = answer.body.data;
  const used = async () => (await system.request('GET', `${runs}/${id}`)).body.data.requests as number;
  await waitFor(async () => (await used()) > 5);
  await first.kill();
  if (losesRedis) await system.loseRedis();
  await using _next = spawnWorker(system.env);
  const run = await ended(system, id);
  expect(run).toMatchObject({ status: 'COMPLETED', requests: run.minimumRequests });
  const { differences } = await compareWithSimulator(system);
  const standard = /^(Patient|Observation|Condition|MedicationRequest|AllergyIntolerance|Immunization|Procedure)\//;
  expect(differences.filter((difference) => standard.test(difference))).toEqual([]);
  // Only requests that were in flight when the worker was killed are sent again.
  const requestCount = (await requests(system, /r4\/[A-Z][A-Za-z]+$/)).length;
  expect(requestCount - run.requests).toBeLessThanOrEqual(4);
});

test.concurrent('an enhanced sync with bad input answers with every fault', async () => {
  await using system = await startWithPatients(1);
  const details = async (body: object) => (await sync(system, body)).body.error.details;
  expect(await details({ resourceTypes: ['Patient', 'Goal', 'Encountr'] })).toMatchObject([
    { path: 'resourceTypes.0', message: expect.stringContaining('standard set') },
    { path: 'resourceTypes.1', message: expect.stringContaining('not in the enhanced set') },
    { path: 'resourceTypes.2', message: expect.stringContaining('not a FHIR R4 resource type') },
  ]);
  expect(await details({ includeStandard: false, includeEnhanced: false })).toMatchObject([
    { path: 'includeStandard' },
  ]);
  expect(await details({ since: 'last', patients: [] })).toMatchObject([{ path: 'since' }, { path: 'patients' }]);
  expect(await details({ patients: ['unknown'] })).toMatchObject([{ path: 'patients.0' }]);
  expect((await sync(system, { connectionId: 'conn_none' })).status).toBe(404);
  expect((await system.request('GET', `${runs}/sync_none`)).body.error.code).toBe('unknown-run');
});

test.concurrent('an enhanced sync without known patients fails and says to run a bulk export', async () => {
  await using system = await startSystem({ hasWorker: true });
  const answer = await sync(system);
  expect(answer).toMatchObject({ status: 502, body: { error: { message: expect.stringContaining('bulk export') } } });
});
