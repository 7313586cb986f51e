import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { startQuickSystem } from '../test-system/start-quick-system.fixture.ts';
import { commandsOf, runShell } from './run-shell.fixture.ts';

const page = 'docs/how-to/connect-athenahealth.md';
const system = await startQuickSystem({ patients: 4 });
afterAll(() => system.stop());
const { simulator, folder, baseUrl, apiKey } = system;

// A stranger begins without a connection.
const env = { BULKHEAD_URL: baseUrl, BULKHEAD_API_KEY: apiKey };
await runShell({ commands: `bulkhead connections delete ${system.connectionId} --yes`, folder, env });
const secretFile = join(folder, 'secret');
writeFileSync(secretFile, 'simulator-secret\n');
const filledIn = {
  ...{ SECRET_FILE: secretFile, PRACTICE: '195900', CLIENT_ID: 'simulator-client', TYPES: 'Patient,Condition' },
  ...env,
};
// As strict as the real athenahealth is known to be.
await simulator.changeOptions({
  scopeVersion: 'v2',
  wildcardScopes: false,
  enforceScopes: true,
  exportLevels: ['group'],
  maxActiveExports: 5,
  strictAccept: true,
});

test('the page connects a practice of a strict athenahealth word by word', async () => {
  const printed = await runShell({ commands: await commandsOf(page), folder, env: filledIn });
  expect(printed).toMatch(/discovery[^\n]+offers scopes of v1 and v2\. The connection requests v2\./);
  expect(printed).toMatch(/COMPLETED {2}\d+ stored, 0 quarantined/);
  expect(readFileSync(join(folder, 'records/Patient.ndjson'), 'utf8').trim().split('\n')).toHaveLength(4);
  expect(await simulator.exports()).toMatchObject([{ level: 'group' }]);
  expect((await simulator.violations()).violations).toEqual([]);
}, 120_000);

test.each([
  { what: 'the other version of scopes', asked: '--scopes v1 --scope-types "$TYPES"' },
  { what: 'a wildcard', asked: "--scope 'system/*.rs'" },
])(
  'the test of a connection with $what fails with the words of athenahealth and what to do',
  async ({ asked }) => {
    const [commands = ''] = (await commandsOf(page)).split('bulkhead connections capabilities');
    const changed = commands.replace('--scopes v2 --scope-types "$TYPES"', `${asked} --force`);
    expect(changed).not.toBe(commands);
    const printed = await runShell({ commands: `${changed.trim()} || true`, folder, env: filledIn });
    expect(printed).toMatch(/token[^\n]+"Policy evaluation failed" means that the scopes are not those/);
  },
  60_000,
);
