import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { onTestServers } from '../test-system/on-test-servers.fixture.ts';
import { startTestSystem } from '../test-system/start-test-system.ts';
import { commandsOf, runShell } from './run-shell.fixture.ts';

const page = 'docs/how-to/connect-athenahealth.md';
const system = await startTestSystem({ ...onTestServers(), patients: 4 });
afterAll(() => system.stop());
const { simulator, folder, baseUrl, apiKey } = system;

// A stranger begins without a connection.
const env = { BULKHEAD_URL: baseUrl, BULKHEAD_API_KEY: apiKey };
await runShell({ commands: `bulkhead connections delete ${system.connectionId} --yes`, folder, env });
const secretFile = join(folder, 'secret');
writeFileSync(secretFile, 'simulator-secret\n');
const filledIn = { SECRET_FILE: secretFile, PRACTICE: '195900', CLIENT_ID: 'simulator-client', ...env };
// As strict as the real athenahealth is known to be, on the first day: a new application has no scope, and the practice has not granted access.
const firstDay = {
  scopeVersion: 'v2',
  wildcardScopes: false,
  registeredTypes: [],
  practiceGrants: false,
  enforceScopes: true,
  exportLevels: ['group'],
  maxActiveExports: 5,
  strictAccept: true,
};
await simulator.orderSettings(firstDay);

test('the page connects a practice of a strict athenahealth word by word, and a missing step shows what the page says', async () => {
  const [create = '', rest = ''] = (await commandsOf(page)).split(/(?=^bulkhead connections test)/m);
  const [testIt = '', use = ''] = rest.split(/(?=^bulkhead connections capabilities)/m);
  const created = await runShell({ commands: `${create}\necho "id: $CONNECTION"`, folder, env: filledIn });
  const CONNECTION = /id: (conn_\w+)/.exec(created)?.[1] ?? '';
  const run = (commands: string) => runShell({ commands, folder, env: { ...filledIn, CONNECTION } });

  const withoutScopes = await run(`${testIt.trim()} || true`);
  expect(withoutScopes).toMatch(/token[^\n]+may have none of the \d\d scopes[^\n]+has none until you add them/);
  await simulator.orderSettings({ registeredTypes: ['Patient', 'Condition', 'Observation'] });
  // The EHR refuses all scopes together, so the test finds the three that it grants.
  const withoutGrant = await run(`${testIt.trim()} || true`);
  expect(await run('bulkhead connections show "$CONNECTION"')).toMatch(/system\/Procedure\.rs: refused/);
  expect(withoutGrant).toMatch(/read[^\n]+Manage Certified API App Access/);
  await simulator.orderSettings({ practiceGrants: true });

  const printed = await run(`${testIt}\n${use}`);
  expect(printed).toMatch(/discovery[^\n]+offers scopes of v1 and v2\. The connection requests v2\./);
  expect(printed).toMatch(/^Condition +yes +unknown +by patient +yes +no/m);
  expect(printed).toMatch(/^Procedure +yes +unknown +by patient +no +no/m);
  expect(printed).toMatch(/COMPLETED {2}\d+ stored, 0 quarantined/);
  expect(readFileSync(join(folder, 'records/Patient.ndjson'), 'utf8').trim().split('\n')).toHaveLength(4);
  expect(await simulator.exports()).toMatchObject([{ level: 'group' }]);
  expect((await simulator.violations()).violations).toEqual([]);

  // All types: what the token does not cover is named, and is not searched.
  const all = await run('bulkhead export start --connection "$CONNECTION" --watch || true');
  expect(all).toMatch(/The EHR declares [^\n]*Procedure[^\n]*the granted scopes do not cover/);
}, 180_000);

test('at a server that grants a part of the scopes, the page needs no search for them', async () => {
  await simulator.orderSettings({ grantsPart: true });
  const text = await commandsOf(page);
  const printed = await runShell({
    commands: `${text.replace('--scopes v2', '--scopes v2 --force')}\nbulkhead connections show "$CONNECTION"`,
    folder,
    env: filledIn,
  });
  expect(printed).not.toMatch(/may have \d+ of the \d\d scopes/);
  expect(printed).toMatch(/^Procedure +yes +unknown +by patient +no +no/m);
  expect(printed).toMatch(/COMPLETED {2}\d+ stored, 0 quarantined/);
  await simulator.orderSettings({ grantsPart: false });
}, 180_000);

const policy = /token[^\n]+"Policy evaluation failed" means that the scopes are not those/;
test.each([
  {
    what: 'the other version of scopes',
    asked: '--scopes v1',
    says: /token[^\n]+registered for scopes of v2: the EHR grants system\/Patient\.rs and refuses system\/Patient\.read/,
  },
  { what: 'a wildcard', asked: "--scope 'system/*.rs'", says: policy },
])('the test of a connection with $what fails and says what to do', async ({ asked, says }) => {
  const [commands = ''] = (await commandsOf(page)).split('bulkhead connections capabilities');
  const changed = commands.replace('--scopes v2', `${asked} --force`);
  expect(changed).not.toBe(commands);
  const printed = await runShell({ commands: `${changed.trim()} || true`, folder, env: filledIn });
  expect(printed).toMatch(says);
});
