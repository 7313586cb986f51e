import { afterEach, expect, test } from '@jest/globals';
import { retry, sync } from '../testing/run-sync.ts';
import { startUseCases, type UseCases } from '../testing/start-use-cases.ts';

let cases: UseCases;
afterEach(() => cases.stop());

const patients = Array.from({ length: 12 }, (_, index) => `a-195900.E-${index + 1}`);
const request = { includeEnhanced: false, patients };
const searchesOf = async (type: string) => (await cases.control.requests(new RegExp(`/fhir/r4/${type}$`))).length;
const refuse = (after = 0) =>
  cases.inject('/fhir/r4/Observation$', { kind: 'status', status: 403 }, { times: 'always', after });

test('a type that the granted scopes do not cover is not searched, and the reason names the scopes', async () => {
  cases = await startUseCases({
    simulator: { patients: 12, enforceScopes: true },
    scope: 'system/Patient.rs system/Condition.rs',
  });
  const { run, phase, byType } = await sync(cases, request);
  expect([phase, [...byType.keys()], run.types]).toEqual([
    'completed',
    ['Condition', 'Patient'],
    ['Patient', 'Condition'],
  ]);
  expect(run.skipped.map(({ resourceType }) => resourceType)).toContain('Observation');
  expect(run.skipped[0]?.reason).toMatch(/^the granted scopes do not cover it/);
  expect(await searchesOf('Observation')).toBe(0);
});

test('a granted scope that names no types leaves none out', async () => {
  cases = await startUseCases({ simulator: { patients: 12 } });
  await cases.inject('/oauth2/v1/token', { kind: 'edit-document', set: { scope: 'https://ehr.example/.default' } });
  expect((await sync(cases, { ...request, patients: patients.slice(0, 1) })).run.skipped).toEqual([]);
});

test('a sync of which the scopes cover nothing fails with the reasons', async () => {
  cases = await startUseCases({ scope: 'system/Location.rs' });
  await expect(sync(cases, request)).rejects.toMatchObject({
    code: 'nothing-to-search',
    message: expect.stringMatching(/Patient: the granted scopes do not cover it/),
  });
});

test('after five equal refusals the rest of a type is not sent, which is said once, and the next run tries again', async () => {
  cases = await startUseCases({ simulator: { patients: 12 } });
  await refuse();
  const { run, phase, byType } = await sync(cases, request);
  expect([phase, await searchesOf('Observation')]).toEqual(['partial', 5]);
  expect(byType.get('Observation')).toMatchObject({ searches: 12, failed: 12, requests: 5 });
  expect(byType.get('Condition')).toMatchObject({ searches: 12, completed: 12 });
  expect(run.warnings).toEqual([
    {
      code: 'type-refused',
      message: expect.stringMatching(/^Observation: the EHR refused 5 .* other 7 were not sent/),
    },
  ]);
  const events = await cases.deps.store.syncRuns.listEvents(run.id);
  const said = events.filter(({ code, kind }) => code === 'type-refused' && kind === 'search-failed');
  expect(said).toMatchObject([{ resourceType: 'Observation', count: 7 }]);

  await cases.control.cancelOrders();
  const retried = await retry(cases, run);
  expect([retried.phase, retried.byType.get('Observation')]).toMatchObject(['completed', { completed: 12 }]);
  await refuse();
  await sync(cases, request);
  expect(await searchesOf('Observation')).toBeGreaterThan(0);
});

test('refusals do not end a type of which another search was answered', async () => {
  cases = await startUseCases({ simulator: { patients: 12 } });
  await refuse(1);
  const { byType, run } = await sync(cases, request);
  expect(byType.get('Observation')).toMatchObject({ completed: 1, failed: 11, requests: 12 });
  expect(run.warnings).toEqual([]);
});
