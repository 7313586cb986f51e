import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { faultOrderSchema } from '../faults/fault-order.ts';
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

/** A scenario without a check does not compile. */
const checks: Readonly<Record<ScenarioName, Check>> = {
  ...serverChecks,
  ...kickOffChecks,
  ...statusChecks,
  ...manifestChecks,
  ...transferChecks,
  ...lineChecks,
  ...resourceChecks,
};

let client: SimulatorClient;
afterEach(() => client?.stop());

test.each(scenarios.map(({ name, description }) => ({ name, description })))(
  'the scenario $name works as described: $description',
  async ({ name }) => {
    client = await startSimulatorClient();
    expect((await client.control('POST', `/scenarios/${name}`)).status).toBe(201);
    await checks[name](client);
  },
);

describe('the simulator', () => {
  test('the simulator lists all scenarios, and answers an unknown name with the names of all scenarios', async () => {
    client = await startSimulatorClient();
    const names = scenarios.map(({ name }) => name);
    const listed: Scenario[] = await jsonOf(client.control('GET', '/scenarios'));
    expect(listed.map(({ name }) => name)).toEqual(names);
    const unknown = await client.control('POST', '/scenarios/nonsense');
    expect([unknown.status, (await jsonOf(unknown)).scenarios]).toEqual([404, names]);
  });

  test('the simulator gives every scenario a unique name, a sentence as its description and valid orders', () => {
    expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length);
    for (const { description, orders = [] } of scenarios as readonly Scenario[]) {
      expect(description).toMatch(/^[A-Z0-9`].*\.$/);
      for (const order of orders) expect(faultOrderSchema.safeParse(order).error).toBeUndefined();
    }
  });

  test('the simulator describes every scenario in the README in the same words', async () => {
    const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
    const table = readme.slice(readme.indexOf('### Scenarios'));
    const rows = [...table.matchAll(/^\| `([a-z0-9-]+)` +\| (.+?) +\|$/gm)].map(([, name, text]) => [name, text]);
    expect(rows).toEqual(scenarios.map(({ name, description }) => [name, description]));
  });

  test('the simulator removes all faults and restores the options when scenarios are cancelled', async () => {
    client = await startSimulatorClient({ retryAfterSeconds: 3 });
    const before = await jsonOf(client.control('GET', '/options'));
    for (const name of ['failing-files', 'short-lived-links', 'separate-file-host', 'rate-limited']) {
      await client.control('POST', `/scenarios/${name}`);
    }
    expect(await jsonOf(client.control('GET', '/options'))).toMatchObject({ fileExpirySeconds: 2, rateLimit: true });
    expect((await client.control('DELETE', '/scenarios')).status).toBe(204);
    expect(await jsonOf(client.control('GET', '/options'))).toEqual(before);
    expect(await jsonOf(client.control('GET', '/faults'))).toEqual([]);
  });
});
