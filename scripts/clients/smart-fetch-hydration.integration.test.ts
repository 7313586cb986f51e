import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installFromPypi } from '@bulkhead/embedded';
import { baseEnv, captureCommand } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import { describeWith } from '../describe-with.fixture.ts';
import { addLines, type ServedSystem, startServedSystem, until } from './served-system.fixture.ts';

const tool = await installFromPypi({ name: 'smart-fetch', version: '1.0.3', command: 'smart-fetch', env: process.env });

/** The types that its hydration adds and that Bulkhead reads too. The others are those of patients' records, which syncs search. */
const types = ['Location', 'Medication', 'Observation', 'Organization', 'Practitioner', 'PractitionerRole'];
const tasks = 'medication,observation,practitioner,location,organization';

describeWith({ title: 'smart-fetch (Python), which hydrates an export', tool }, ({ command }) => {
  let system: ServedSystem;
  afterAll(() => system?.stop());

  test('Bulkhead reads exactly the resources that the hydration of the same export by smart-fetch adds', async () => {
    system = await startServedSystem({ patients: 6 });
    await putReferences(system);
    await system.simulator.inject({ path: 'export$' }, { kind: 'export-types', drop: types }, { times: 'always' });
    await system.importAll();
    expect((await system.stored(types)).size).toBe(0);
    const hydrated = await hydrate({ command, system });

    const body = { connectionId: system.connectionId, includeStandard: false, includeEnhanced: false };
    const { id } = await system.call<{ id: string }>('POST', '/api/ehr/athenahealth/enhanced-sync', {
      ...body,
      includeReferences: true,
    });
    await until(async () => (await system.store.syncRuns.find(id))?.phase === 'completed');
    const read = await system.stored(types);
    expect([...read.keys()].toSorted()).toEqual([...hydrated.keys()].toSorted());
    expect(toObjects(read)).toEqual(toObjects(hydrated));
    expect([...read.keys()]).toEqual(
      expect.arrayContaining(['Medication/m1', 'Observation/member', 'Organization/o2']),
    );
  }, 180_000);
});

/** References of the kinds that the generated practice lacks: a medication, the results of a report, and what these lead to. */
async function putReferences({ simulator }: ServedSystem): Promise<void> {
  const put = (resourceType: string, id: string, content: object = {}) =>
    simulator.put(`${resourceType}/${id}`, JSON.stringify({ resourceType, id, ...content }));
  const to = (reference: string) => ({ reference });
  const subject = to('Patient/a-195900.E-1');
  await put('MedicationRequest', 'mr', { subject, medicationReference: to('Medication/m1') });
  await put('MedicationRequest', 'mr2', { subject, medicationReference: to('#contained'), requester: to('#p') });
  await put('DiagnosticReport', 'dr', { subject, result: [to('Observation/panel'), to('Observation/panel')] });
  await put('Observation', 'panel', { subject, hasMember: [to('Observation/member')] });
  await put('Observation', 'member', { subject, performer: [to('PractitionerRole/role')] });
  await put('Observation', 'unreferenced', { subject });
  const places = { location: [to('Location/l1')], organization: to('Organization/o1') };
  await put('PractitionerRole', 'role', { practitioner: to('Practitioner/p1'), ...places });
  await put('Location', 'l1', { partOf: to('Location/l2') });
  await put('Location', 'l2', { managingOrganization: to('Organization/o1') });
  await put('Organization', 'o1', { partOf: to('Organization/o2') });
  for (const [type, id] of [
    ['Medication', 'm1'],
    ['Practitioner', 'p1'],
    ['Organization', 'o2'],
  ] as const)
    await put(type, id);
}

/** Lets smart-fetch add what the exported resources refer to. @returns what it has added */
async function hydrate({ command, system }: { readonly command: string; readonly system: ServedSystem }) {
  const { folder: cwd, simulator } = system;
  const exported = Map.groupBy(await system.stored(), ([reference]) => reference.split('/')[0] ?? '');
  await mkdir(join(cwd, 'hydrated'));
  for (const [type, resources] of exported) {
    const lines = resources.map(([, line]) => `${line}\n`);
    await writeFile(join(cwd, 'hydrated', `${type}.ndjson`), lines.join(''));
  }
  const answer = await fetch(`${simulator.baseUrl}/oauth2/v1/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa('simulator-client:simulator-secret')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'system/*.read' }),
  });
  const { access_token: token } = (await answer.json()) as { readonly access_token: string };
  await writeFile(join(cwd, 'token'), token);
  const run = await captureCommand({
    cwd,
    env: baseEnv(),
    command: [
      ...[command, 'hydrate', '--fhir-url', simulator.fhirEndpoint, '--bearer-token', 'token'],
      ...['--tasks', tasks, '--no-compression', 'hydrated'],
    ],
  });
  expect({ code: run.code, output: run.code === 0 ? '' : run.stdout + run.stderr }).toEqual({ code: 0, output: '' });
  const added = new Map<string, string>();
  for (const name of await readdir(join(cwd, 'hydrated'), { recursive: true }))
    if (types.some((type) => name.startsWith(`${type}.`)))
      addLines(added, await readFile(join(cwd, 'hydrated', name), 'utf8'));
  return added;
}

/** Python writes some numbers and characters in another way. */
function toObjects(lines: ReadonlyMap<string, string>): Record<string, unknown> {
  return Object.fromEntries([...lines].map(([reference, line]) => [reference, JSON.parse(line)]));
}
