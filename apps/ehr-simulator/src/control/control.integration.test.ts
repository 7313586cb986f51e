import { afterEach, expect, test } from '@jest/globals';
import { jsonOf, manualClock, type SimulatorClient, startSimulatorClient } from '../testing/simulator-client.ts';

let simulator: SimulatorClient;
afterEach(() => simulator.stop());

const order = (set: object) => simulator.control('POST', '/orders', { fault: { kind: 'settings', set } });

test('an order changes settings at run time and restores the default for null', async () => {
  simulator = await startSimulatorClient({ separateFileHost: true, resourcesPerFile: 4 });
  expect((await order({ separateFileHost: true, resourcesPerFile: 3, fileExpirySeconds: 60 })).status).toBe(201);
  const manifest = await simulator.export('/Patient/$export?_type=Patient');
  expect(manifest.output.map(({ count }) => count)).toEqual([3, 3, 2]);
  expect(manifest.requiresAccessToken).toBe(false);
  expect(new URL(manifest.output[0]?.url ?? '').origin).not.toBe(simulator.baseUrl);
  await order({ separateFileHost: null });
  expect((await simulator.export()).requiresAccessToken).toBe(true);
});

test.each([{ port: 1 }, { patients: 3 }, { nonsense: true }, { rateLimit: 'often' }, { resourcesPerFile: 0 }])(
  'an order with the settings %j is refused and changes nothing',
  async (set) => {
    simulator = await startSimulatorClient();
    expect((await order({ ...set, separateFileHost: true })).status).toBe(400);
    expect(await jsonOf(simulator.control('GET', '/orders'))).toEqual([]);
    expect((await simulator.export()).requiresAccessToken).toBe(true);
  },
);

test('the control API lists exports with their parameters and states', async () => {
  const clock = manualClock();
  simulator = await startSimulatorClient({ clock, exportSeconds: 10 });
  const since = '2026-01-01T00:00:00Z';
  const kickedOff = await simulator.kickOff(`/Group/a-1.C-195900/$export?_type=Patient,Encounter&_since=${since}`);
  const statusUrl = kickedOff.headers.get('content-location') ?? '';
  await simulator.kickOff('/$export');
  await simulator.get(statusUrl, { accept: 'application/json' });
  const [first, second] = await jsonOf(simulator.control('GET', '/exports'));
  expect(first).toMatchObject({
    id: statusUrl.split('/').at(-1),
    level: 'group',
    kickedOffAt: new Date(clock.now()).toISOString(),
    parameters: [
      { name: '_type', value: 'Patient,Encounter' },
      { name: '_since', value: since },
    ],
    types: ['Patient', 'Encounter'],
    polls: 1,
    deletes: 0,
    deleted: false,
    state: 'in-progress',
  });
  expect(second).toMatchObject({ level: 'system', parameters: [], polls: 0 });
  const fault = { kind: 'status', status: 500 };
  await simulator.orderFault({ match: { method: 'DELETE' }, fault });
  expect((await simulator.delete(statusUrl)).status).toBe(500);
  const refused = (await jsonOf(simulator.control('GET', '/exports')))[0];
  expect(refused).toMatchObject({ state: 'in-progress', deleted: true, deletes: 1 });
  expect((await simulator.delete(statusUrl)).status).toBe(202);
  expect((await jsonOf(simulator.control('GET', '/exports')))[0]).toMatchObject({ state: 'deleted', deletes: 2 });
});

test('the control API records the parameter names of a request and whether it had a token', async () => {
  simulator = await startSimulatorClient();
  await simulator.kickOff('/Patient/$export?_type=Patient&_since=2026-01-01T00:00:00Z');
  const parameter = [{ name: '_type', valueString: 'Patient' }];
  const body = JSON.stringify({ resourceType: 'Parameters', parameter });
  await fetch(`${simulator.fhirEndpoint}/Patient/$export`, { method: 'POST', body });
  await simulator.postKickOff(parameter);
  const { requests } = await jsonOf(simulator.control('GET', '/requests'));
  expect(requests.slice(-3)).toMatchObject([
    { method: 'GET', parameters: ['_type', '_since'], authorized: true, headers: { prefer: 'respond-async' } },
    { method: 'POST', parameters: ['_type'], authorized: false, status: 401 },
    { method: 'POST', parameters: ['_type'], authorized: true, status: 202 },
  ]);
  expect(JSON.stringify(requests)).not.toContain('2026-01-01');
});
