import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Vendor, vendors } from '@bulkhead/ehr/providers';
import { afterAll, expect, test } from '@jest/globals';
import { vendorPage } from '../site/vendor-page.ts';
import { onTestServers } from '../test-system/on-test-servers.fixture.ts';
import { emptyProvidersFile, restartProcesses } from '../test-system/providers-file.fixture.ts';
import { startTestSystem } from '../test-system/start-test-system.ts';
import { commandsIn, runShell } from './run-shell.fixture.ts';
import { startVendorHosts } from './vendor-hosts.fixture.ts';

const search = { parameters: { 'ah-practice': 'Organization/a-1.Practice-195900' } };
const endpointOf = ({ entry, connect }: Vendor) =>
  connect.fhirEndpoint ?? entry.environments[entry.defaultEnvironment]?.fhirEndpoint ?? '';
/** Where the vendor's tokens come from. */
function oauthHostOf(vendor: Vendor): string {
  const { oauthHosts: [host] = [], environments, defaultEnvironment } = vendor.entry;
  return host ?? new URL(environments[defaultEnvironment]?.tokenEndpoint ?? endpointOf(vendor)).hostname;
}
const hosts = await startVendorHosts({ endpoints: vendors.map(endpointOf), hosts: vendors.map(oauthHostOf) });
const system = await startTestSystem({
  ...onTestServers(),
  patients: 4,
  env: (folder) => {
    const certificate = join(folder, 'vendors.pem');
    writeFileSync(certificate, hosts.certificate);
    return { ...emptyProvidersFile(folder), HTTPS_PROXY: hosts.proxyUrl, NODE_EXTRA_CA_CERTS: certificate };
  },
});
afterAll(async () => {
  await system.stop();
  await hosts[Symbol.asyncDispose]();
});

const { baseUrl, apiKey, simulator, folder } = system;
hosts.leadTo(new URL(simulator.fhirEndpoint).origin);
writeFileSync(join(folder, 'providers.json'), JSON.stringify(vendors.map(asOperator)));
await restartProcesses(system);
const listed = (await simulator.lines('Patient')).map((line) => (JSON.parse(line) as { readonly id: string }).id);
writeFileSync(join(folder, 'patients.txt'), listed.join('\n'));

/** What an operator adds to the vendor's entry: the host of the practice. The searches of the simulator need the practice, too. */
function asOperator(vendor: Vendor) {
  const { id, endpointHosts = [], search: own } = vendor.entry;
  return {
    id,
    endpointHosts: [...endpointHosts, new URL(endpointOf(vendor)).hostname],
    search: own ? { ...own, ...search, patientList: search.parameters } : search,
  };
}

test.each(vendors.map((vendor) => ({ name: vendor.entry.name, vendor })))(
  'the commands of the page of $name lead from nothing to a stored practice',
  async ({ vendor }) => {
    const { id } = vendor.entry;
    await simulator.cancelOrders();
    await simulator.orderScenario(`like-${id}`);
    const { origin, host } = new URL(endpointOf(vendor));
    const oauthHost = oauthHostOf(vendor);
    await simulator.orderSettings({
      publicUrl: origin,
      oauthUrl: `https://${oauthHost}`,
      jwksUrl: `${baseUrl}/.well-known/jwks.json`,
      jwksCacheSeconds: 0,
    });
    const page = vendorPage(vendor);
    expect(page).toContain(`has ever sent a request to a server of ${vendor.entry.name}`);
    const printed = await runShell({
      commands: commandsIn(page),
      folder,
      env: {
        BULKHEAD_URL: baseUrl,
        BULKHEAD_API_KEY: apiKey,
        CLIENT_ID: 'simulator-client',
        BULKHEAD_CLIENT_SECRET: 'simulator-secret',
        GROUP_ID: 'a-1.C-195900',
      },
    });
    expect([...hosts.requested()]).toEqual(expect.arrayContaining([`${host}:443`, `${oauthHost}:443`]));
    expect(printed).toMatch(/COMPLETED {2}[1-9]\d+ stored, 0 quarantined|[1-9]\d+ resources/);
  },
);
