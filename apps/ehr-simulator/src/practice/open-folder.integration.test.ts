import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type SimulatorClient, startSimulatorClient } from '../testing/simulator-client.ts';

const observation =
  '{"resourceType":"Observation","id":"o1","subject":{"reference":"Patient/p1"},"valueQuantity":{"value":1.50,"max":12345678901234567890.10}}';
const dated =
  '{"resourceType":"Observation","id":"o2","meta":{"lastUpdated":"2020-01-02T03:04:05Z","versionId":"9"},"v":2.0}';
const partlyDated = '{"resourceType":"Observation","id":"o3","meta":{"versionId":"4"},"v":3.00}';
const patient = '{"resourceType":"Patient","id":"p1","name":[{"family":"Ünïcode \u2028 🙂"}]}';

let folder: string;
let simulator: SimulatorClient | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'simulator-'));
  await writeFile(
    join(folder, 'Observation.ndjson.gz'),
    gzipSync(`${observation}\n${dated}\n\nnot json\n${partlyDated}`),
  );
  await writeFile(join(folder, 'Patient.ndjson'), `${patient}\r\n`);
});
afterEach(async () => {
  await simulator?.stop();
  await rm(folder, { recursive: true });
});

test('the simulator serves the lines of a folder, adds missing meta and keeps the text of numbers', async () => {
  simulator = await startSimulatorClient({ dataDir: folder });
  const { output } = await simulator.export();
  expect(output.map(({ type, count }) => [type, count])).toEqual([
    ['Observation', 4],
    ['Patient', 1],
  ]);
  const text = await simulator.text(output[0]?.url ?? '');
  expect(await simulator.text(output[0]?.url ?? '')).toBe(text);
  const [first = '', second, third, fourth = ''] = text.split('\n');
  expect(first.startsWith(observation.slice(0, -1))).toBe(true);
  expect(JSON.parse(first).meta).toEqual({ versionId: '1', lastUpdated: expect.stringMatching(/^\d{4}-.*Z$/) });
  expect([second, third]).toEqual([dated, 'not json']);
  expect(fourth).toContain('"v":3.00');
  expect(JSON.parse(fourth).meta).toMatchObject({ versionId: '4', lastUpdated: expect.any(String) });
  expect((await simulator.text(output[1]?.url ?? '')).startsWith(patient.slice(0, -1))).toBe(true);
});

test('the simulator searches, reads and changes the resources of a folder', async () => {
  simulator = await startSimulatorClient({ dataDir: folder });
  const query = '/Observation?patient=p1&ah-practice=a-1.Practice-195900';
  expect(await (await simulator.get(query)).text()).toContain('"max":12345678901234567890.10');
  await simulator.control('PUT', '/fhir/Observation/o2', '{"resourceType":"Observation","id":"o2","v":2.00}');
  const read = await (await simulator.get('/Observation/o2')).text();
  expect(JSON.parse(read).meta.versionId).toBe('10');
  expect(read).toContain('"v":2.00');
  const since = await simulator.export(`/Patient/$export?_since=2020-01-02T03:04:05Z&_type=Observation`);
  expect(since.output[0]?.count).toBe(4);
});

test('the simulator rejects a folder without data files', async () => {
  simulator = undefined;
  const empty = await mkdtemp(join(tmpdir(), 'simulator-empty-'));
  await expect(startSimulatorClient({ dataDir: empty })).rejects.toThrow('No Type.ndjson');
  await rm(empty, { recursive: true });
});
