import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { baseEnv, captureCommand } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import { describeWith } from '../describe-with.fixture.ts';
import { addLines, type ServedSystem, startServedSystem } from './served-system.fixture.ts';

/** Google's client (github.com/google/bulk_fhir_tools, `go build ./cmd/bulk_fhir_fetch`), which is in no registry of packages. */
const command = process.env.BULK_FHIR_FETCH ?? '';
const tool = command === '' ? { missing: 'BULK_FHIR_FETCH is not set to the program.' } : { command };

describeWith({ title: 'bulk_fhir_fetch (Go), a Bulk Data client with a secret', tool }, () => {
  let system: ServedSystem;
  afterAll(() => system?.stop());

  test('bulk_fhir_fetch exports all resources of the group with a client secret, then what has changed', async () => {
    system = await startServedSystem({ patients: 8 });
    await system.importAll();
    const body = { name: 'etl', scope: 'system/*.rs', usesSecret: true, connectionIds: [system.connectionId] };
    const { id } = await system.call<{ id: string }>('POST', '/api/ehr/clients', body);
    const { secret } = await system.call<{ secret: string }>('POST', `/api/ehr/clients/${id}/secrets`);
    const first = await fetchInto('first', { system, id, secret });
    expect(first).toEqual(await system.stored());
    expect(first.size).toBeGreaterThan(100);

    await system.changeEverything();
    const second = await fetchInto('second', { system, id, secret });
    const stored = await system.stored();
    expect(second.size).toBeGreaterThan(0);
    for (const [reference, line] of second) expect([reference, line]).toEqual([reference, stored.get(reference)]);
    expect(second.has('Patient/new')).toBe(true);
  }, 180_000);
});

async function fetchInto(
  folder: string,
  { system, id, secret }: { readonly system: ServedSystem; readonly id: string; readonly secret: string },
) {
  const { baseUrl, fhirUrl, connectionId, folder: cwd } = system;
  const flags = {
    client_id: id,
    client_secret: secret,
    fhir_server_base_url: fhirUrl,
    fhir_auth_url: `${baseUrl}/api/ehr/oauth/token`,
    fhir_auth_scopes: 'system/*.rs',
    group_id: connectionId,
    output_dir: folder,
    since_file: 'since.txt',
    enforce_gcp_bucket_in_same_project: 'false',
  };
  await mkdir(join(cwd, folder));
  const options = Object.entries(flags).map(([name, value]) => `-${name}=${value}`);
  const run = await captureCommand({ cwd, env: baseEnv(), command: [command, ...options] });
  expect({ code: run.code, output: run.code === 0 ? '' : run.stdout + run.stderr }).toEqual({ code: 0, output: '' });
  const lines = new Map<string, string>();
  for (const name of await readdir(join(cwd, folder))) addLines(lines, await readFile(join(cwd, folder, name), 'utf8'));
  return lines;
}
