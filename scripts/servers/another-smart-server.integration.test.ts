import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemPort } from '@bulkhead/embedded';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWith } from '../describe-with.fixture.ts';
import { commandsOf, runShell } from '../docs/run-shell.fixture.ts';
import { onTestServers } from '../test-system/on-test-servers.fixture.ts';
import { emptyProvidersFile, restartProcesses } from '../test-system/providers-file.fixture.ts';
import { startTestSystem, type TestSystem } from '../test-system/start-test-system.ts';
import { installSekmet, startSekmet } from './start-sekmet.fixture.ts';

const tool = await installSekmet();
const patients = 7;
const clientId = 'bulkhead';
const secret = { id: 'by-secret', value: 'a-secret_with.marks' };

describeWith({ title: 'docs/how-to/another-smart-server.md with SEKMET', tool }, ({ command }) => {
  let system: TestSystem;
  let server: Awaited<ReturnType<typeof startSekmet>>;
  let commands: string;
  const run = (text: string) => {
    const { baseUrl, apiKey, folder } = system;
    const env = { BULKHEAD_URL: baseUrl, BULKHEAD_API_KEY: apiKey, CLIENT_ID: clientId };
    return runShell({ commands: text, folder, env });
  };
  const linesOf = (file: string) => readFileSync(join(system.folder, file), 'utf8').trim().split('\n');
  beforeAll(async () => {
    const port = await systemPort();
    const fhirUrl = `http://127.0.0.1:${port}/fhir`;
    const page = await commandsOf('docs/how-to/another-smart-server.md');
    commands = page.replace('https://fhir.example.org/r4', fhirUrl);
    expect(commands).toContain(fhirUrl);
    system = await startTestSystem({
      ...onTestServers(),
      patients: 1,
      env: emptyProvidersFile,
    });
    const scopes = 'system/*.rs';
    const clients = [
      { client_id: clientId, jwks_url: `${system.baseUrl}/.well-known/jwks.json`, scopes },
      { client_id: secret.id, client_secret: secret.value, scopes },
    ];
    server = await startSekmet({ command, port, patients, clients });
  }, 300_000);
  afterAll(async () => {
    await server?.stop();
    await system?.stop();
  });

  test('the commands of the page store everything of a server that this project did not write', async () => {
    const [file = '', rest = ''] = commands.split(/(?<=^END\n)/m);
    await run(file);
    await restartProcesses(system);
    const printed = await run(rest);
    expect(printed).toMatch(/COMPLETED {2}\d+ stored, 0 quarantined/);
    expect(linesOf('records/Patient.ndjson')).toHaveLength(patients);
  }, 300_000);

  test('the options of the page for a server that is different do what it says', async () => {
    const printed = await run(`
export BULKHEAD_CLIENT_SECRET=${secret.value}
create() { bulkhead --provider my-server connections create --client-id ${secret.id} --scope 'system/*.rs' --force "$@"; }
for WAY in basic post; do
  CONNECTION=$(create --secret-by $WAY --group 'any|group')
  bulkhead --provider my-server export start --connection "$CONNECTION" --level System --types Patient --watch
done
bulkhead connections show "$CONNECTION"
bulkhead connections origins "$CONNECTION" --alias http://fhir.internal:8080
# The provider of the request is that of athenahealth.
EXPORT=$(bulkhead export start --connection "$CONNECTION" --level System --types Condition)
bulkhead export show "$EXPORT"`);
    expect(printed.match(/COMPLETED {2}7 stored/g)).toHaveLength(2);
    expect(printed).toContain('any|group');
    expect(printed).toContain('System: Condition');
  }, 300_000);

  test('a server is read by searches if its entry says how to list patients', async () => {
    const file = join(system.folder, 'providers.json');
    const [entry] = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify([{ ...entry, search: { patientList: {} } }]));
    await restartProcesses(system);
    await run(`
export BULKHEAD_CLIENT_SECRET=${secret.value}
CONNECTION=$(bulkhead --provider my-server connections create --client-id ${secret.id} --scope 'system/*.rs' --force)
bulkhead --provider my-server sync start --connection "$CONNECTION" --watch
bulkhead --provider my-server resources get --connection "$CONNECTION" --types Patient --out searched`);
    expect(linesOf('searched/Patient.ndjson')).toHaveLength(patients);
  }, 300_000);
});
