import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { countOfConnection } from '@bulkhead/erasure';
import { captureCommand } from '@bulkhead/testing';
import { afterAll, describe, expect, test } from '@jest/globals';
import { onTestServers } from '../test-system/on-test-servers.fixture.ts';
import { startTestSystem } from '../test-system/start-test-system.ts';
import { bulkheadCommand, runBulkhead } from './run-bulkhead.fixture.ts';

const system = await startTestSystem({ ...onTestServers(), patients: 4 });
afterAll(() => system.stop());
const access = { url: system.baseUrl, key: system.apiKey };

/** @param command a line without quotes, or the arguments if one of them has a space */
function bulkhead(command: string | readonly string[], env: Record<string, string> = {}) {
  const args = typeof command === 'string' ? command.split(' ') : command;
  return runBulkhead(args, { ...access, env });
}
const json = async (command: string) => JSON.parse((await bulkhead(`--json ${command}`)).stdout);

describe('the bulkhead command', () => {
  test('bulkhead follows an export to its end without output, and then shows its result', async () => {
    const start = `export start --connection ${system.connectionId} --types Patient,Observation --watch`;
    const { code, stdout, stderr } = await bulkhead(start);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^job_\S+ {2}COMPLETED {2}\d+ stored, 0 quarantined\n$/);
    const [id = ''] = stdout.split(' ');
    expect(
      (await json(`export list --connection ${system.connectionId}`)).map((record: { id: string }) => record.id),
    ).toEqual([id]);
    const files = (await bulkhead(`export files ${id}`)).stdout.split('\n').map((line) => line.split(/ +/));
    expect(files.slice(0, 3).map(([type, , state]) => [type, state])).toEqual([
      ['type', 'state'],
      ['Patient', 'completed'],
      ['Observation', 'completed'],
    ]);
    // The export has ended, so it cannot be cancelled.
    expect(await bulkhead(`export cancel ${id}`)).toMatchObject({ code: 6, stdout: '', stderr: expect.any(String) });
  });

  test('bulkhead shows how much a purge or the erasure of a patient would delete, and deletes nothing without --yes', async () => {
    const { connectionId, store } = system;
    await bulkhead(`export start --connection ${connectionId} --types Patient --watch`);
    const amounts = await json(`connections data ${connectionId}`);
    expect(amounts.resources.Patient).toBe(4);
    const purge = await bulkhead(`connections delete ${connectionId} --data purge`);
    expect(purge).toMatchObject({ code: 2, stdout: expect.stringMatching(/Patient +4\n/) });
    expect(purge.stderr).toContain('Nothing was deleted. Add --yes');
    const erase = await bulkhead(`patients erase a-195900.E-1 --connection ${connectionId}`);
    expect(erase).toMatchObject({ code: 2, stdout: expect.stringMatching(/Patient +1\n/) });
    const dryRun = await bulkhead(`patients erase a-195900.E-1 --connection ${connectionId} --dry-run --yes`);
    expect(dryRun).toMatchObject({ code: 0, stdout: expect.stringMatching(/Patient +1\n/), stderr: '' });
    expect(await json('erasures list')).toEqual([]);
    expect(await countOfConnection(store.features, connectionId)).toEqual(amounts);
    expect((await bulkhead('connections data conn_none')).code).toBe(4);
    expect(await json('retention')).toEqual(expect.any(Array));
  });

  test('bulkhead exits with 7 and shows the report of the EHR if an export lacks data', async () => {
    const fault = { kind: 'error-file', severity: 'error', lostType: 'Observation' };
    await system.simulator.inject({ method: 'GET', path: '/bulkstatus/' }, fault, { times: 'always' });
    const start = `export start --connection ${system.connectionId} --types Patient,Observation --watch`;
    const { code, stdout, stderr } = await bulkhead(start);
    await system.simulator.cancelOrders();
    expect({ code, stderr }).toEqual({ code: 7, stderr: expect.stringContaining('something is missing') });
    expect(stdout).toMatch(/^job_\S+ {2}COMPLETED, partial {2}\d+ stored, 0 quarantined\nwarning /);
  });

  test('bulkhead writes stored resources to files, one resource per line', async () => {
    const out = join(system.folder, 'out');
    const get = `resources get --connection ${system.connectionId} --types Patient,Observation`;
    expect(await bulkhead(`${get} --out ${out}`)).toEqual({ code: 0, stdout: '', stderr: '' });
    const lines = readFileSync(join(out, 'Patient.ndjson'), 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).resourceType)).toEqual(Array(4).fill('Patient'));
    const piped = await bulkhead(get);
    expect(piped.stdout.trim().split('\n').length).toBeGreaterThan(lines.length);
  });

  test('bulkhead starts syncs, and manages schedules, keys and connections', async () => {
    const { connectionId } = system;
    const sync = await bulkhead(`sync start --connection ${connectionId} --no-standard --types Encounter`);
    expect(sync).toMatchObject({ code: 0, stdout: expect.stringMatching(/^sync_\S+ {2}\d+ resources\n$/) });
    expect((await bulkhead(`sync show ${sync.stdout.split(' ')[0]}`)).stdout).toContain('minimumRequests  4');

    const schedule = `--json schedules create --connection ${connectionId} --time-zone UTC --cron`.split(' ');
    const { id } = JSON.parse((await bulkhead([...schedule, '0 2 * * *'])).stdout);
    expect((await bulkhead(`schedules pause ${id}`)).stdout).toBe('paused\n');
    expect((await bulkhead(`schedules delete ${id} --yes`)).code).toBe(0);
    expect((await bulkhead(`schedules run ${id}`)).code).toBe(4);

    const key = (await bulkhead(`keys create --name reader --connections ${connectionId}`)).stdout.trim();
    const file = join(system.folder, 'key');
    writeFileSync(file, `${key}\n`);
    const asClient = await bulkhead(`keys list --key-file ${file}`, { BULKHEAD_API_KEY: '' });
    expect(asClient).toMatchObject({ code: 3, stdout: '' });
    const { id: keyId } = (await json('keys list')).find((key: { name: string }) => key.name === 'reader');
    expect((await bulkhead(`keys revoke ${keyId} --yes`)).code).toBe(0);
    expect((await bulkhead(`connections list --key-file ${file}`, { BULKHEAD_API_KEY: '' })).code).toBe(3);
  });

  test('bulkhead shows quarantined lines, and stores a corrected line', async () => {
    await system.simulator.inject('bulkdata/.*Condition', { kind: 'corrupt-line', line: 1 });
    const { id } = await json(`export start --connection ${system.connectionId} --types Condition --watch`);
    const [line] = await json(`quarantine list --run ${id}`);
    expect(line).toMatchObject({ line: 1, state: 'open' });
    expect((await bulkhead(`quarantine line ${line.id}`)).stdout).toContain('"resourceType":"Condition"');
    expect(await bulkhead(`quarantine replay ${line.id}`)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('still cannot be stored: The JSON is broken.'),
    });
    const file = join(system.folder, 'line.json');
    writeFileSync(file, '{"resourceType":"Condition","id":"mended","subject":{"reference":"Patient/x"},"score":1.50}');
    expect((await bulkhead(`quarantine replay ${line.id} --file ${file}`)).code).toBe(0);
    const stored = await bulkhead(`resources get --connection ${system.connectionId} --types Condition`);
    expect(stored.stdout).toContain('"score":1.50');
  });

  test('bulkhead reads the type filters, the watermarks and the resources of an export, and prints numbers as they are stored', async () => {
    const { connectionId } = system;
    const filter = 'Observation?category=laboratory';
    const ofConnection = `--connection ${connectionId}`;
    const start = `export start ${ofConnection} --watch --types`;
    const { request } = await json(`${start} Observation --type-filter ${filter}`);
    expect(request.typeFilters).toEqual([filter]);
    const exported = await json(`${start} Patient`);
    const shown = await bulkhead(`export show ${exported.id}`);
    expect(shown).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^job_\w+ {2}COMPLETED\n\nconnection +conn_/),
    });
    const { data: watermarks } = await json(`api GET /api/ehr/connections/${connectionId}/watermarks`);
    expect(watermarks.map((mark: { resourceType: string }) => mark.resourceType)).toContain('Patient');

    const [, row = ''] = (await bulkhead(`resources search Patient ${ofConnection}`)).stdout.split('\n');
    const [id = ''] = row.split(' ');
    const patient = `/api/ehr/athenahealth/resources/Patient/${id}`;
    const ofPatient = `--field connectionId=${connectionId}`;
    expect(await json(`api GET ${patient} ${ofPatient}`)).toMatchObject({ resourceType: 'Patient', id });
    const { data: sources } = await json(`api GET ${patient}/sources ${ofPatient}`);
    expect(sources[0].source.exportId).toMatch(/^job_\w+$/);
  });

  test('bulkhead replaces credentials, and sets what has no command of its own with bulkhead api', async () => {
    const create = 'connections create --client-id simulator-client --scopes v1 --practice 1 --group group_1';
    const id = (await bulkhead(create, { BULKHEAD_CLIENT_SECRET: 'simulator-secret' })).stdout.trim();
    expect(await json(`connections show ${id}`)).toMatchObject({ practiceId: '1', groupId: 'group_1' });
    const foreign = 'connections create --method none --fhir-endpoint https://fhir.example/r4';
    expect(await bulkhead(foreign)).toMatchObject({ code: 2, stderr: expect.stringContaining('--fhir-endpoint') });

    const webhook = `/api/ehr/connections/${id}/webhook`;
    const set = await bulkhead(`api PUT ${webhook} --field url=https://client.example/x`);
    expect(JSON.parse(set.stdout).data.secret).toMatch(/^whsec_/);
    expect(await bulkhead(`api DELETE ${webhook}`)).toMatchObject({ code: 2, stdout: '' });
    expect(await bulkhead(`api DELETE ${webhook} --yes`)).toEqual({ code: 0, stdout: '', stderr: '' });
    const changed = await bulkhead(
      `connections credentials ${id} --client-id other --scopes v2 --scope-types Patient`,
      {
        BULKHEAD_CLIENT_SECRET: 'x',
      },
    );
    expect(changed.stdout).toContain(`bulkhead connections test ${id}`);
    expect((await bulkhead(`connections delete ${id} --yes`)).code).toBe(0);

    const { data: key } = await json('api POST /api/ehr/signing-keys --field alg=ES384');
    const { keys } = await json('api GET /.well-known/jwks.json');
    expect(keys).toContainEqual(expect.objectContaining({ kid: key.kid }));
    const active = await bulkhead(`api DELETE /api/ehr/signing-keys/${key.kid} --yes`);
    expect(active).toMatchObject({ code: 6, stdout: '', stderr: expect.stringContaining('retire') });
  });

  test('bulkhead shows the state of the deployment, and follows its budgets', async () => {
    expect((await json('whoami')).role).toBe('operator');
    expect((await bulkhead('status')).stdout).toMatch(/^http\S+ {2}ready\n\nmongodb +up\nredis +up\n/);
    expect((await bulkhead('api GET /metrics')).stdout).toContain('# HELP bulkhead_');
    expect(await bulkhead('api GET /api/ehr/nothing')).toMatchObject({ code: 4, stdout: '' });
    const { command, env } = bulkheadCommand(['budgets', '--watch'], access);
    const watching = spawn(command[0], command.slice(1), { env });
    const [first] = await once(watching.stdout, 'data');
    watching.kill();
    expect(String(first)).toMatch(/^name +now +minute +day +waiting +paused\nathenahealth/);
  });

  test('bulkhead shows who has read a patient, and verifies the audit log against a saved head', async () => {
    const patientsPath = `/api/ehr/athenahealth/resources/Patient?connectionId=${system.connectionId}`;
    const headers = { authorization: `Bearer ${system.apiKey}` };
    expect((await fetch(system.baseUrl + patientsPath, { headers })).status).toBe(200);
    const [{ action, patients }] = await json('audit list --action resource.search --limit 1');
    expect(action).toBe('resource.search');
    const events = await bulkhead(`audit list --patient ${patients[0]} --from 2000-01-01T00:00:00Z`);
    expect(events.stdout).toMatch(
      /^at +who +what +outcome +patients +on what\n\S+ \S+ UTC .*resource\.search +success /,
    );
    const { checked, head } = await json('audit verify');
    expect(checked).toBeGreaterThan(3);
    expect(await bulkhead(`audit verify --expect-head ${head}`)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^checked +\d+\nfrom +1, written \S+ \S+ UTC\nhead +\d+:[0-9a-f]{64}\n$/),
    });
    const otherHead = `${head.split(':')[0]}:${'0'.repeat(64)}`;
    expect(await bulkhead(`audit verify --expect-head ${otherHead}`)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Another event is at the position of the expected head'),
    });
  });

  test('doctor tests the connections and exits with 1 if a check is critical', async () => {
    const { checks } = await json('doctor');
    expect(checks.filter(({ severity }: { severity: string }) => severity === 'critical')).toEqual([]);
    const ids = checks.map(({ id }: { id: string }) => id);
    expect(ids).toEqual(
      expect.arrayContaining(['redis', 'mongodb', 'workers', 'failed-exports', 'connections', 'clock']),
    );
    const create = 'connections create --practice 1 --client-id nobody --scopes v2';
    const id = (await bulkhead(create, { BULKHEAD_CLIENT_SECRET: 'wrong' })).stdout.trim();
    const { code, stdout } = await bulkhead('doctor');
    expect([code, stdout.includes('client secret')]).toEqual([1, true]);
    expect((await bulkhead(`connections delete ${id} --yes`)).code).toBe(0);
  });

  test('doctor exits with 0 for a warning, and with 1 with --strict', async () => {
    const { store, connectionId } = system;
    const bytes = Buffer.from('no resource');
    const place = { connectionId, runId: 'job_1', fileId: 'job_1.1', line: 1, offset: 0 };
    await store.quarantine.put({
      lines: [{ ...place, resourceType: 'Patient', reason: 'not-json', bytes, sizeBytes: bytes.length }],
      now: new Date(),
    });
    const isCritical = (stdout: string) => /^critical/m.test(stdout);
    // The refused token of the test before is counted for 15 minutes, so only the exit code and the words are compared.
    const { code, stdout } = await bulkhead('doctor --no-connections');
    expect([code, stdout.includes('Quarantine: ')]).toEqual([isCritical(stdout) ? 1 : 0, true]);
    expect((await bulkhead('doctor --no-connections --strict')).code).toBe(1);
  });
});

describe('the bulkhead command after wrong use', () => {
  test.each([
    { args: 'export start', code: 2, says: '--connection' },
    { args: 'nonsense', code: 2, says: 'unknown command' },
    { args: 'connections create --practice 1 --client-id x', code: 2, says: '--client-secret: is required' },
    { args: 'export show job_none', code: 4, says: 'No export has this id' },
    { args: 'export start --connection c --since yesterday', code: 2, says: 'since' },
  ])('bulkhead exits with $code for the arguments $args', async ({ args, code, says }) => {
    const ended = await bulkhead(args);
    expect(ended).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(says) });
  });

  test('bulkhead exits with 3 without a key, with 5 if the API does not answer, and prints an API error as JSON with --json', async () => {
    expect((await bulkhead('export list', { BULKHEAD_API_KEY: '' })).code).toBe(3);
    expect((await bulkhead('export list', { BULKHEAD_URL: 'http://127.0.0.1:1' })).code).toBe(5);
    const { stderr } = await bulkhead('--json export show job_none');
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'unknown-export' } });
  });
});

test('bulkhead completion lets a shell complete commands and options', async () => {
  const { stdout } = await bulkhead('completion bash');
  const script = `${stdout}\nCOMP_WORDS=(bulkhead export st); COMP_CWORD=2; _bulkhead; echo "\${COMPREPLY[@]}"`;
  const completed = await captureCommand({ command: ['bash', '-c', script], env: process.env });
  expect(completed.stdout.trim()).toBe('start');
});
