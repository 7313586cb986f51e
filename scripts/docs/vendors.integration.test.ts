import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Vendor, vendors } from '@bulkhead/ehr/providers';
import { afterAll, expect, test } from '@jest/globals';
import { vendorPage } from '../site/vendor-page.ts';
import { onTestServers } from '../test-system/on-test-servers.fixture.ts';
import { emptyProvidersFile, restartProcesses } from '../test-system/providers-file.fixture.ts';
import { startTestSystem } from '../test-system/start-test-system.ts';
import { commandsIn, runShell } from './run-shell.fixture.ts';

const search = { parameters: { 'ah-practice': 'Organization/a-1.Practice-195900' } };
const system = await startTestSystem({
  ...onTestServers(),
  patients: 4,
  env: emptyProvidersFile,
});
afterAll(() => system.stop());

const { baseUrl, apiKey, simulator, folder } = system;
const entries = vendors.map((vendor) => atSimulator(vendor, simulator.fhirEndpoint));
writeFileSync(join(folder, 'providers.json'), JSON.stringify(entries));
await restartProcesses(system);

/** The vendor's entry with the address of the simulator. Its searches need the practice, and it has no limits, for which a test would wait. */
function atSimulator({ entry }: Vendor, fhirEndpoint: string) {
  const { id, environments, search: own } = entry;
  const moved = Object.keys(environments).map((name) => [
    name,
    { fhirEndpoint, tokenEndpoint: null, tokenRateLimit: null },
  ]);
  return {
    id,
    environments: Object.fromEntries(moved),
    hosts: null,
    kickOffWindow: null,
    rateLimit: null,
    search: own ? { ...own, ...search, patientList: search.parameters } : search,
  };
}

test.each(vendors.map((vendor) => ({ name: vendor.entry.name, vendor })))(
  'the commands of the page of $name lead from nothing to a stored practice',
  async ({ vendor }) => {
    const { id } = vendor.entry;
    await simulator.cancelOrders();
    await simulator.orderScenario(`like-${id}`);
    await simulator.orderSettings({ jwksUrl: `${baseUrl}/.well-known/jwks.json`, jwksCacheSeconds: 0 });
    const page = vendorPage(vendor);
    expect(page).toContain(`has ever sent a request to a server of ${vendor.entry.name}`);
    const { fhirEndpoint } = vendor.connect;
    const commands = commandsIn(page).replace(fhirEndpoint ?? '', fhirEndpoint ? simulator.fhirEndpoint : '');
    const printed = await runShell({
      commands,
      folder,
      env: {
        BULKHEAD_URL: baseUrl,
        BULKHEAD_API_KEY: apiKey,
        CLIENT_ID: 'simulator-client',
        BULKHEAD_CLIENT_SECRET: 'simulator-secret',
        GROUP_ID: 'a-1.C-195900',
      },
    });
    expect(printed).toMatch(/COMPLETED {2}[1-9]\d+ stored, 0 quarantined|[1-9]\d+ resources/);
  },
);
