import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { faultKinds, faultOrderSchema } from '../faults/fault-order.ts';
import { jsonOf, type SimulatorClient, startSimulatorClient } from '../testing/simulator-client.ts';
import type { Scenario } from './scenario.ts';
import { type ScenarioName, scenarios } from './scenarios.ts';
import { kickOffChecks } from './testing/kick-off.checks.ts';
import { lineChecks } from './testing/line.checks.ts';
import { manifestChecks } from './testing/manifest.checks.ts';
import type { Check } from './testing/probe.ts';
import { resourceChecks } from './testing/resource.checks.ts';
import { serverChecks } from './testing/server.checks.ts';
import { statusChecks } from './testing/status.checks.ts';
import { transferChecks } from './testing/transfer.checks.ts';
import { vendorChecks } from './testing/vendor.checks.ts';

/** A scenario without a check does not compile. */
const checks: Readonly<Record<ScenarioName, Check>> = {
  ...serverChecks,
  ...kickOffChecks,
  ...statusChecks,
  ...manifestChecks,
  ...transferChecks,
  ...lineChecks,
  ...resourceChecks,
  ...vendorChecks,
};

let client: SimulatorClient;
afterEach(() => client?.stop());

test.each(scenarios.map(({ name, description }) => ({ name, description })))(
  'the scenario $name works as described: $description',
  async ({ name }) => {
    client = await startSimulatorClient();
    expect((await client.control('POST', '/orders', { scenario: name })).status).toBe(201);
    await checks[name](client);
  },
);

describe('the simulator', () => {
  test('the simulator lists all scenarios, and answers an unknown name with the names of all scenarios', async () => {
    client = await startSimulatorClient();
    const names = scenarios.map(({ name }) => name);
    const listed: Scenario[] = await jsonOf(client.control('GET', '/scenarios'));
    expect(listed.map(({ name }) => name)).toEqual(names);
    const unknown = await client.control('POST', '/orders', { scenario: 'nonsense' });
    expect([unknown.status, (await jsonOf(unknown)).scenarios]).toEqual([404, names]);
  });

  test('the simulator gives every scenario a unique name, a sentence as its description and valid orders', () => {
    expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length);
    for (const { description, orders } of scenarios as readonly Scenario[]) {
      expect(description).toMatch(/^[A-Z0-9`].*\.$/);
      for (const order of orders) expect(faultOrderSchema.safeParse(order).error).toBeUndefined();
    }
  });

  test('the README has a row for each kind of order, and no other', async () => {
    const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
    const table = readme.slice(readme.indexOf('| kind |'));
    const kinds = [...table.matchAll(/^\| `([a-z0-9-]+)` \| .+ \|$/gm)].map(([, kind]) => kind);
    expect(kinds.toSorted()).toEqual(faultKinds.map(({ kind }) => kind).toSorted());
  });

  test('the simulator removes all faults and restores the settings when orders are cancelled', async () => {
    client = await startSimulatorClient({ retryAfterSeconds: 3, exportSeconds: 3600 });
    for (const scenario of ['failing-files', 'short-lived-links', 'separate-file-host', 'token-budget']) {
      await client.control('POST', '/orders', { scenario });
    }
    await client.orderFault({ fault: { kind: 'settings', set: { retryAfterSeconds: 9 } } });
    const pollAgain = async () => {
      const status = (await client.kickOff()).headers.get('content-location') ?? '';
      return (await client.get(status, { accept: 'application/json' })).headers.get('retry-after');
    };
    expect([await pollAgain(), (await client.newToken()).status]).toEqual(['9', 429]);
    expect((await client.control('DELETE', '/orders')).status).toBe(204);
    expect(await jsonOf(client.control('GET', '/orders'))).toEqual([]);
    expect([await pollAgain(), (await client.newToken()).status]).toEqual(['3', 200]);
    await client.orderFault({ fault: { kind: 'settings', set: { exportSeconds: 0 } } });
    const { output, requiresAccessToken } = await client.export();
    expect(requiresAccessToken).toBe(true);
    expect((await client.get(output[0]?.url ?? '', { accept: 'application/fhir+ndjson' })).status).toBe(200);
  });
});
