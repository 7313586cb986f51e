import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { jsonOf, type SimulatorClient, startSimulatorClient } from '../testing/simulator-client.ts';

const practice = 'ah-practice=Organization/a-1.Practice-195900';
const patient = 'a-195900.E-2';

interface Entry {
  readonly resource: { readonly id: string; readonly resourceType: string; readonly status?: string };
}

let simulator: SimulatorClient;
beforeAll(async () => {
  simulator = await startSimulatorClient();
});
afterAll(() => simulator.stop());

async function ids(query: string): Promise<string[]> {
  const response = await simulator.get(`/${query}&${practice}`);
  expect(response.status).toBe(200);
  const { entry = [] } = (await jsonOf(response)) as { entry?: Entry[] };
  return entry.map(({ resource }) => resource.id);
}

test('the simulator returns every resource of a search exactly once, in pages that are connected by opaque links', async () => {
  const all = await ids(`Observation?patient=${patient}&_count=100`);
  expect(all.length).toBeGreaterThanOrEqual(8);
  const paged: string[] = [];
  let url: string | undefined = `/Observation?patient=${patient}&_count=3&${practice}`;
  let pages = 0;
  while (url) {
    const bundle: { entry: Entry[]; link: { relation: string; url: string }[] } = await jsonOf(simulator.get(url));
    expect(bundle.entry.length).toBeLessThanOrEqual(3);
    paged.push(...bundle.entry.map(({ resource }) => resource.id));
    url = bundle.link.find(({ relation }) => relation === 'next')?.url;
    pages += 1;
  }
  expect(paged).toEqual(all);
  expect(pages).toBe(Math.ceil(all.length / 3));
  expect((await simulator.get(`/Observation?patient=${patient}&_cursor=x&${practice}`)).status).toBe(400);
});

test.each([
  ['Observation', practice],
  ['Observation', `patient=${patient}`],
  ['MedicationRequest', `patient=${patient}&${practice}`],
  ['Appointment', `patient=${patient}&${practice}`],
  ['Patient', `family=Smith&${practice}`],
  ['Patient', practice],
  ['Organization', practice],
  ['AllergyIntolerance', `_id=a&${practice}`],
])('the simulator answers 400 forbidden to a search of %s by %s, which lacks a parameter', async (type, query) => {
  const response = await simulator.get(`/${type}?${query}`);
  expect(response.status).toBe(400);
  expect((await jsonOf(response)).issue[0].code).toBe('forbidden');
});

test('the simulator narrows a search by category, code, status, date, ids and day of change', async () => {
  const labs = await ids(`Observation?patient=Patient/${patient}&category=laboratory&_count=100`);
  const vitals = await ids(`Observation?patient=${patient}&category=vital-signs&_count=100`);
  const all = await ids(`Observation?patient=${patient}&_count=100`);
  expect([...labs, ...vitals].sort()).toEqual([...all].sort());
  expect(labs.length * vitals.length).toBeGreaterThan(0);
  expect(await ids(`Observation?patient=${patient}&status=amended`)).toEqual([]);
  expect(await ids(`Observation?patient=${patient}&date=ge2020-01-01&date=lt2030-01-01&_count=100`)).toEqual(all);
  expect(await ids(`Observation?patient=${patient}&date=gt2030-01-01`)).toEqual([]);
  expect(await ids('Patient?_id=a-195900.E-2,a-195900.E-5,none')).toEqual(['a-195900.E-2', 'a-195900.E-5']);
  expect(await ids(`Observation?patient=${patient}&_lastUpdated=ge2026-01-01`)).toEqual([]);
  expect((await ids(`MedicationRequest?patient=${patient}&intent=order`)).length).toBeGreaterThan(0);
  expect(await ids(`MedicationRequest?patient=${patient}&intent=plan`)).toEqual([]);
  const { name, gender } = await jsonOf(simulator.get(`/Patient/${patient}`));
  const family = encodeURIComponent(name[0].family);
  expect(await ids(`Patient?family=${family}&gender=${gender}&_count=100`)).toContain(patient);
});

test('the simulator returns changes and deletions immediately and keeps the text of numbers', async () => {
  const body = `{"resourceType":"Condition","id":"c1","subject":{"reference":"Patient/x1"},"score":1.50}`;
  await simulator.control('PUT', '/fhir/Condition/c1', body);
  expect(await (await simulator.get(`/Condition?patient=x1&${practice}`)).text()).toContain('"score":1.50');
  expect(await (await simulator.get('/Condition/c1')).text()).toContain('"score":1.50');
  await simulator.control('DELETE', '/fhir/Condition/c1');
  expect(await ids('Condition?patient=x1')).toEqual([]);
  expect((await simulator.get('/Condition/c1')).status).toBe(410);
  expect((await simulator.get('/Condition/c2')).status).toBe(404);
});

test('the simulator requires a token for reads and searches but not for discovery', async () => {
  expect((await fetch(`${simulator.fhirEndpoint}/Patient/${patient}`)).status).toBe(401);
  const metadata = await jsonOf(fetch(`${simulator.fhirEndpoint}/metadata`));
  const appointment = metadata.rest[0].resource.find(({ type }: { type: string }) => type === 'Appointment');
  expect(appointment.searchParam.map(({ name }: { name: string }) => name)).toEqual(['_id', 'ah-practice']);
  const allergy = metadata.rest[0].resource.find(({ type }: { type: string }) => type === 'AllergyIntolerance');
  expect(allergy.searchParam.map(({ name }: { name: string }) => name)).not.toContain('_id');
  const group = metadata.rest[0].resource.find(({ type }: { type: string }) => type === 'Group');
  expect(group.operation[0].name).toBe('export');
  const smart = await jsonOf(fetch(`${simulator.fhirEndpoint}/.well-known/smart-configuration`));
  expect(smart.token_endpoint).toBe(`${simulator.baseUrl}/oauth2/v1/token`);
});

test('the simulator serves real documents as attachments', async () => {
  const pdf = await simulator.get('/Binary/a-195900.pdf-1-1', { accept: 'application/pdf' });
  expect(pdf.headers.get('content-type')).toBe('application/pdf');
  expect((await pdf.text()).slice(0, 8)).toBe('%PDF-1.4');
  const png = await jsonOf(simulator.get('/Binary/a-195900.png-1-1', { accept: 'application/fhir+json' }));
  expect(Buffer.from(png.data, 'base64').subarray(1, 4).toString()).toBe('PNG');
});
