import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { onTestServers } from '../test-system/on-test-servers.fixture.ts';
import { emptyProvidersFile, restartProcesses } from '../test-system/providers-file.fixture.ts';
import { startTestSystem } from '../test-system/start-test-system.ts';
import { blocksOf, commandsOf, runShell } from './run-shell.fixture.ts';

const page = 'docs/how-to/another-smart-server.md';
const search = { parameters: { 'ah-practice': 'Organization/a-1.Practice-{practiceId}' } };
const system = await startTestSystem({
  ...onTestServers(),
  patients: 4,
  env: emptyProvidersFile,
});
afterAll(() => system.stop());

test('the commands of docs/how-to/another-smart-server.md work as written', async () => {
  const { baseUrl, apiKey, simulator, folder } = system;
  const [describe = ''] = await blocksOf(page);
  const commands = (await commandsOf(page))
    .replace('https://fhir.example.org/r4', simulator.fhirEndpoint)
    // The server of this test is also a simulated athenahealth, whose searches require the practice.
    .replace('"defaultScope"', `"search": ${JSON.stringify(search)}, "defaultScope"`)
    .replace('my-tenant', '195900');
  const [file = '', rest = ''] = commands.split(/(?<=^END\n)/m);
  expect(describe).toContain('providers.json');
  await runShell({ commands: file, folder, env: {} });
  await restartProcesses(system);
  // The operator of the server would register the address of our keys.
  await simulator.orderSettings({ jwksUrl: `${baseUrl}/.well-known/jwks.json` });
  const env = { BULKHEAD_URL: baseUrl, BULKHEAD_API_KEY: apiKey, CLIENT_ID: 'simulator-client' };
  const printed = await runShell({ commands: rest, folder, env });
  expect(printed).toMatch(/"kty": ?"RSA"/);
  expect(printed).toMatch(/COMPLETED {2}\d+ stored, 0 quarantined/);
  expect(readFileSync(join(folder, 'records/Patient.ndjson'), 'utf8').trim().split('\n')).toHaveLength(4);
  // The page's limit is that of its example server, higher than the one of athenahealth.
  expect((await simulator.violations()).violations.filter(({ kind }) => kind !== 'rate')).toEqual([]);
});
