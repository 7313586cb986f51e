import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { onTestServers } from '../test-system/on-test-servers.fixture.ts';
import { startTestSystem } from '../test-system/start-test-system.ts';
import { commandsOf, runShell } from './run-shell.fixture.ts';

const system = await startTestSystem({ ...onTestServers(), patients: 2, hasFastRate: false });
afterAll(() => system.stop());

test('the commands of docs/how-to/connections-as-code.md create the connections of the file, and change nothing again', async () => {
  const page = await commandsOf('docs/how-to/connections-as-code.md');
  // The simulated EHR has one practice and one client.
  const commands = page
    .replaceAll(/practiceId: .*/g, 'practiceId: "195900"\n    force: true')
    .replace('my-client', 'simulator-client');
  const { baseUrl: BULKHEAD_URL, apiKey: BULKHEAD_API_KEY, folder } = system;
  const secrets = { PRACTICES_SECRET: 'simulator-secret', WEBHOOK_SECRET: `whsec_${'a'.repeat(43)}=` };
  const printed = await runShell({ commands, folder, env: { BULKHEAD_URL, BULKHEAD_API_KEY, ...secrets } });
  expect(printed).toMatch(/^ {2}North Street Pediatrics: create, webhook, cohort diabetes, new schedule sync 0 3/m);
  expect(printed).toMatch(/^tested: 2\nfailed: 0$/m);
  const last = JSON.parse(printed.split('\n').find((line) => line.startsWith('{')) ?? '');
  expect(last).toMatchObject({
    create: [],
    change: [],
    unchanged: 2,
    notInFile: ['athenahealth production 195900'],
  });
  const [stored] = await system.store.connections.listNamed(['North Street Pediatrics']);
  expect(await system.store.schedules.list({ connectionId: stored?.id, scope: 'all' })).toHaveLength(2);
  const exported = readFileSync(join(folder, 'stored.yaml'), 'utf8');
  expect(exported).toMatch(/^connections:\n/);
  for (const secret of Object.values(secrets)) expect(exported).not.toContain(secret);
});
