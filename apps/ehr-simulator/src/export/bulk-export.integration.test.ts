import { waitFor } from '@bulkhead/testing';
import { afterEach, expect, test } from '@jest/globals';
import {
  jsonOf,
  kickOffHeaders,
  manualClock,
  type SimulatorClient,
  startSimulatorClient,
} from '../testing/simulator-client.ts';

let simulator: SimulatorClient;
afterEach(() => simulator.stop());

const statusAccept = { accept: 'application/json' };

const resourcesIn = (ndjson: string) =>
  ndjson
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

async function outcomeText(response: Response): Promise<string> {
  const outcome = await jsonOf(response);
  expect(outcome.resourceType).toBe('OperationOutcome');
  return outcome.issue[0].details.text;
}

test('the simulator runs an export to a manifest with exact counts, and no longer knows it after DELETE', async () => {
  const clock = manualClock();
  simulator = await startSimulatorClient({ clock, exportSeconds: 10, retryAfterSeconds: 7 });
  const kickedOff = await simulator.kickOff();
  const statusUrl = kickedOff.headers.get('content-location') ?? '';
  expect(kickedOff.status).toBe(202);
  expect(statusUrl).toMatch(`${simulator.fhirEndpoint}/bulkstatus/`);
  clock.advance(4000);
  const running = await simulator.get(statusUrl, statusAccept);
  expect([running.status, running.headers.get('retry-after')]).toEqual([202, '7']);
  expect(running.headers.get('x-progress')).toBe('in progress: 40 %');
  clock.advance(6000);
  const completed = await waitFor(async () => {
    const response = await simulator.get(statusUrl, statusAccept);
    return response.status === 200 ? response : undefined;
  });
  const manifest = await jsonOf(completed);
  expect(completed.headers.get('content-type')).toBe('application/json');
  expect(manifest).toMatchObject({
    request: `${simulator.fhirEndpoint}/Patient/$export`,
    requiresAccessToken: true,
    deleted: [],
    error: [],
  });
  const types = await jsonOf(simulator.control('GET', '/types'));
  expect(
    Object.fromEntries(manifest.output.map((file: { type: string; count: number }) => [file.type, file.count])),
  ).toEqual(types);
  for (const { url, type, count } of manifest.output) {
    const text = await simulator.text(url);
    expect(text.trimEnd().split('\n')).toHaveLength(count);
    expect(text).toBe(await (await simulator.control('GET', `/resources/${type}`)).text());
  }
  const remove = await fetch(statusUrl, { method: 'DELETE' });
  expect(remove.status).toBe(401);
  expect((await simulator.delete(statusUrl)).status).toBe(202);
  const after = await simulator.get(statusUrl, statusAccept);
  expect(after.status).toBe(404);
  expect(await outcomeText(after)).toMatch('does not exist');
  expect((await simulator.get(manifest.output[0].url)).status).toBe(404);
});

test('the simulator exports changes and deletions after _since, and keeps the files of an earlier export unchanged', async () => {
  simulator = await startSimulatorClient();
  const first = await simulator.export('/Patient/$export?_type=Patient,Observation');
  const patientsUrl = first.output[0]?.url ?? '';
  const before = await simulator.text(patientsUrl);
  const changed = { resourceType: 'Patient', id: 'a-195900.E-3', active: false };
  await simulator.control('PUT', '/fhir/Patient/a-195900.E-3', JSON.stringify(changed).replace('false', '1.50'));
  await simulator.control('PUT', '/fhir/Patient/new', '{"resourceType":"Patient","id":"new"}');
  for (const number of [4, 5, 6, 7]) await simulator.control('DELETE', `/fhir/Patient/a-195900.E-${number}`);
  expect(await simulator.text(patientsUrl)).toBe(before);

  const since = encodeURIComponent(first.transactionTime);
  const second = await simulator.export(`/Patient/$export?_type=Patient,Observation&_since=${since}`);
  expect(second.output.map(({ type, count }) => [type, count])).toEqual([['Patient', 2]]);
  const text = await simulator.text(second.output[0]?.url ?? '');
  expect(text).toContain('"active":1.50');
  const [updated, created] = resourcesIn(text);
  expect([updated.id, created.id, created.meta.versionId]).toEqual(['a-195900.E-3', 'new', '1']);
  expect(Number(updated.meta.versionId)).toBeGreaterThan(1);
  expect(updated.meta.lastUpdated > first.transactionTime).toBe(true);

  expect(second.deleted).toMatchObject([{ type: 'Bundle', count: 2 }]);
  const bundles = resourcesIn(await simulator.text(second.deleted[0]?.url ?? ''));
  const urls = bundles.flatMap(({ entry }) => entry.map(({ request }: { request: { url: string } }) => request.url));
  expect(urls).toEqual([4, 5, 6, 7].map((number) => `Patient/a-195900.E-${number}`));
  const third = await simulator.export(`/Patient/$export?_since=${encodeURIComponent(second.transactionTime)}`);
  expect([third.output, third.deleted]).toEqual([[], []]);
});

test('the simulator splits a type over several files that together hold the whole type', async () => {
  simulator = await startSimulatorClient({ patients: 40, resourcesPerFile: 7 });
  const { output } = await simulator.export('/Patient/$export?_type=Patient');
  expect(output.map(({ count }) => count)).toEqual([7, 7, 7, 7, 7, 5]);
  const texts = await Promise.all(output.map(({ url }) => simulator.text(url)));
  expect(texts.join('')).toBe(await (await simulator.control('GET', '/resources/Patient')).text());
});

test('the simulator accepts a kick-off by POST and for a group', async () => {
  simulator = await startSimulatorClient();
  const path = '/Group/a-1.C-195900/$export';
  expect((await simulator.postKickOff([{ name: '_type', valueString: 'Patient' }], path)).status).toBe(202);
  const headers = { authorization: simulator.authorization, ...kickOffHeaders };
  const invalid = await fetch(simulator.fhirEndpoint + path, { method: 'POST', headers, body: '{' });
  expect(invalid.status).toBe(400);
  const unknown = await simulator.kickOff('/Group/a-1.C-1/$export');
  expect(unknown.status).toBe(404);
  expect(await outcomeText(unknown)).toMatch('Group/a-1.C-1');
});

test('the simulator ignores unsupported parameters with handling=lenient, and lists them in an error file', async () => {
  simulator = await startSimulatorClient();
  await simulator.orderFault({ fault: { kind: 'settings', set: { unsupportedParameters: ['_typeFilter'] } } });
  const path = '/Patient/$export?_type=Patient&_typeFilter=Patient%3F&_text=knee';
  expect((await simulator.kickOff(path)).status).toBe(400);
  const kickedOff = await simulator.kickOff(path, { prefer: 'respond-async, handling=lenient' });
  expect(kickedOff.status).toBe(202);
  const statusUrl = kickedOff.headers.get('content-location') ?? '';
  const { output, error } = await jsonOf(simulator.get(statusUrl, { accept: 'application/json' }));
  expect(output).toHaveLength(1);
  expect(error).toMatchObject([{ type: 'OperationOutcome', count: 2 }]);
  const outcomes = await (await simulator.get(error[0].url, { accept: 'application/fhir+ndjson' })).text();
  expect(outcomes).toMatch(/_typeFilter.*\n.*_text/);
});

test('the simulator exports the given patients and elements, and tags incomplete resources', async () => {
  simulator = await startSimulatorClient({ patients: 20 });
  const patient = 'Patient/a-195900.E-3';
  const query = `patient=${patient}&_elements=subject,Patient.name&_type=Patient,Condition,Organization`;
  const { output } = await simulator.export(`/Group/a-1.C-195900/$export?${query}`);
  const contents = await Promise.all(
    output.map(async ({ url, count }) => {
      const text = await (await simulator.get(url, { accept: 'application/fhir+ndjson' })).text();
      const resources = text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(resources).toHaveLength(count);
      return resources;
    }),
  );
  const [patients = [], conditions = [], organizations = []] = contents;
  const subsetted = expect.arrayContaining([expect.objectContaining({ code: 'SUBSETTED' })]);
  expect(patients).toEqual([
    {
      resourceType: 'Patient',
      id: 'a-195900.E-3',
      meta: expect.objectContaining({ tag: subsetted }),
      name: expect.any(Array),
    },
  ]);
  expect(conditions.length).toBeGreaterThan(0);
  for (const { subject, code } of conditions) expect([subject.reference, code]).toEqual([patient, undefined]);
  expect(organizations).toHaveLength(3);
  expect((await simulator.kickOff(`/$export?patient=${patient}`)).status).toBe(400);
});

test('the simulator rejects a kick-off with wrong headers or parameters, and records the headers as violations', async () => {
  simulator = await startSimulatorClient();
  await simulator.orderFault({ fault: { kind: 'settings', set: { unsupportedParameters: ['_typeFilter'] } } });
  expect((await simulator.kickOff('/Patient/$export', { accept: 'application/json' })).status).toBe(406);
  expect((await simulator.kickOff('/Patient/$export', { prefer: 'respond-sync' })).status).toBe(400);
  expect((await simulator.violations()).byKind.headers).toBe(2);
  for (const [query, name] of [
    ['_type=Patient,Nonsense', '_type'],
    ['_since=yesterday', '_since'],
    ['_outputFormat=csv', '_outputFormat'],
    ['_typeFilter=Patient%3F', '_typeFilter'],
    ['_text=knee', '_text'],
    ['_since=2057-01-01T00:00:00Z', '_since'],
    ['includeAssociatedData=Everything', 'includeAssociatedData'],
  ]) {
    const refused = await simulator.kickOff(`/Patient/$export?${query}`);
    expect(refused.status).toBe(400);
    expect(await outcomeText(refused)).toMatch(String(name));
  }
});
