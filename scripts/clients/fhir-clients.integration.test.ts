import { join } from 'node:path';
import { installFromPypi } from '@bulkhead/embedded';
import { baseEnv, captureCommand } from '@bulkhead/testing';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from 'fhir-kit-client';
import FHIR from 'fhirclient';
import { describeWith } from '../describe-with.fixture.ts';
import { type ServedSystem, startServedSystem } from './served-system.fixture.ts';

/** What each client should read, from the store. */
interface Expected {
  readonly patients: readonly string[];
  readonly first: string;
  readonly observations: number;
  readonly newest: string;
  readonly subject: string;
}

let system: ServedSystem;
let fhirUrl: string;
let expected: Expected;

beforeAll(async () => {
  system = await startServedSystem({ patients: 5 });
  const { connectionId, store } = system;
  fhirUrl = system.fhirUrl;
  await system.importAll();
  const patients = await store.resources.listIds({ connectionId, resourceType: 'Patient' });
  const [first = ''] = patients;
  const newestFirst: { id: string; at: string }[] = [];
  for await (const resource of store.resourceSearch.stream({ connectionId, resourceType: 'Observation' })) {
    const {
      id: observationId,
      subject,
      effectiveDateTime,
    } = resource as {
      readonly id: string;
      readonly subject?: { readonly reference: string };
      readonly effectiveDateTime: string;
    };
    if (subject?.reference === `Patient/${first}`) newestFirst.push({ id: observationId, at: effectiveDateTime });
  }
  newestFirst.sort((left, right) => (Date.parse(left.at) < Date.parse(right.at) ? 1 : -1));
  expected = { patients, first, observations: newestFirst.length, newest: newestFirst[0]?.id ?? '', subject: first };
});
afterAll(() => system.stop());

describe('FHIR clients of other authors', () => {
  test('fhir-kit-client reads, searches, pages and resolves references', async () => {
    const client = new Client({ baseUrl: fhirUrl, bearerToken: system.apiKey });
    expect(await client.capabilityStatement()).toMatchObject({
      resourceType: 'CapabilityStatement',
      fhirVersion: '4.0.1',
    });
    expect(await client.smartAuthMetadata()).toHaveProperty('tokenUrl');
    const patients: string[] = [];
    const search = { resourceType: 'Patient', searchParams: { _sort: '_id', _count: 2 } };
    for (
      let page: Bundle | undefined = (await client.search(search)) as Bundle;
      page;
      page = (await client.nextPage({ bundle: page as never })) as Bundle
    )
      patients.push(...(page.entry ?? []).map(({ resource }) => resource.id));
    const patient = await client.read({ resourceType: 'Patient', id: patients[0] ?? '' });
    const compartment = {
      resourceType: 'Observation',
      searchParams: { patient: String(patient.id), _sort: '-date', _count: 1000 },
    };
    const { entry = [] } = (await client.search({
      ...compartment,
      options: { postSearch: true },
    })) as unknown as Bundle;
    const subject = await client.resolve({ reference: entry[0]?.resource.subject?.reference ?? '' });
    const history = await client.history({ resourceType: 'Patient', id: String(patient.id) });
    expect(history).toMatchObject({ type: 'history', entry: [{ resource: { id: patient.id } }] });
    expect({
      patients,
      first: patient.id,
      observations: entry.length,
      newest: entry[0]?.resource.id,
      subject: subject.id,
    }).toEqual(expected);
    await expect(client.read({ resourceType: 'Patient', id: 'none' })).rejects.toMatchObject({
      response: { status: 404, data: { resourceType: 'OperationOutcome' } },
    });
  });

  test('fhirclient (JavaScript) reads all pages and resolves references', async () => {
    // Its documentation shows this for servers without a launch.
    const client = FHIR({} as never, {} as never).client({
      serverUrl: fhirUrl,
      tokenResponse: { access_token: system.apiKey },
    });
    const all = { flat: true, pageLimit: 0 };
    const patients = (await client.request<{ id: string }[]>('Patient?_sort=_id&_count=2', all)).map(({ id }) => id);
    const patient = await client.request<{ id: string }>(`Patient/${patients[0]}`);
    const query = `Observation?patient=${patient.id}&_sort=-date&_count=1000`;
    const observations = await client.request<{ id: string; subject: { id: string } }[]>(query, {
      ...all,
      resolveReferences: 'subject',
    });
    const [newest] = observations;
    expect({
      patients,
      first: patient.id,
      observations: observations.length,
      newest: newest?.id,
      subject: newest?.subject.id,
    }).toEqual(expected);
    await expect(client.request('Patient/none')).rejects.toThrow(/404/);
  });
});

interface Bundle {
  readonly entry?: readonly {
    readonly resource: { readonly id: string; readonly subject?: { readonly reference: string } };
  }[];
}

const python = { command: 'python3', env: process.env };
for (const { name, version, script, more } of [
  {
    name: 'fhirpy',
    version: '2.3.1',
    script: 'read-with-fhirpy.py',
    more: { modes: ['include', 'match'], errors: ['not found', 'invalid-request'] },
  },
  {
    name: 'fhirclient',
    version: '4.4.0',
    script: 'read-with-fhirclient.py',
    more: { version: '4.0.1', errors: ['not found'] },
  },
]) {
  const tool = await installFromPypi({ ...python, name, version });
  describeWith({ title: `${name} (Python)`, tool }, ({ command }) => {
    test(`${name} reads, searches, pages and resolves references`, async () => {
      const env = { ...baseEnv(), FHIR_URL: fhirUrl, BULKHEAD_API_KEY: system.apiKey };
      const run = await captureCommand({
        cwd: system.folder,
        env,
        command: [command, join(import.meta.dirname, script)],
      });
      expect(run.code === 0 ? '' : run.stderr).toBe('');
      expect(JSON.parse(run.stdout)).toEqual({ ...expected, ...more });
    });
  });
}
