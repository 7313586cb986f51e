import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installFromPypi } from '@bulkhead/embedded';
import { baseEnv, captureCommand } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import { describeWith } from '../describe-with.fixture.ts';
import { addLines, registerClient, type ServedSystem, startServedSystem } from './served-system.fixture.ts';

const tool = await installFromPypi({ name: 'smart-fetch', version: '1.0.3', command: 'smart-fetch', env: process.env });

/** What it exports if no type is named. */
const types = [
  ...['AllergyIntolerance', 'Condition', 'DiagnosticReport', 'DocumentReference', 'Encounter', 'Immunization'],
  ...['MedicationRequest', 'Observation', 'Patient', 'Procedure'],
];

describeWith({ title: 'smart-fetch (Python), a Bulk Data client', tool }, ({ command }) => {
  let system: ServedSystem;
  afterAll(() => system?.stop());

  test('smart-fetch exports all resources, then all changes, deletions and erasures', async () => {
    system = await startServedSystem({ patients: 8 });
    await system.importAll();
    // It chooses its key by `key_ops`.
    const ownKeys = ({ privateKey, publicKey }: Record<string, object>) => ({ keys: [publicKey, privateKey] });
    const { id, file } = await registerClient(system, { name: 'smart-fetch', alg: 'ES384', ownKeys });
    const options = ['--smart-client-id', id, '--smart-key', file];
    await fetchAll({ command, system, options });
    const first = await readFolder(join(system.folder, 'out'), '001');
    expect(first.deleted).toEqual([]);
    expect(first.resources).toEqual(await system.stored(types));
    expect(first.resources.size).toBeGreaterThan(100);

    await system.changeEverything();
    await fetchAll({ command, system, options: [...options, '--since', 'auto'] });
    const second = await readFolder(join(system.folder, 'out'), '002');
    expect([second.resources.size > 1, second.deleted.length > 1]).toEqual([true, true]);
    const copy = new Map([...first.resources, ...second.resources]);
    for (const reference of second.deleted) copy.delete(reference);
    expect(copy).toEqual(await system.stored(types));
  }, 180_000);
});

async function fetchAll({
  command,
  system,
  options,
}: {
  readonly command: string;
  readonly system: ServedSystem;
  readonly options: readonly string[];
}) {
  const { folder: cwd, fhirUrl, connectionId } = system;
  const source = ['--fhir-url', fhirUrl, '--group', connectionId, '--export-mode', 'bulk'];
  const whole = ['--hydration-tasks', 'none', '--no-default-filters', '--no-compression'];
  const run = await captureCommand({
    cwd,
    env: baseEnv(),
    command: [command, 'export', ...source, ...whole, ...options, 'out'],
  });
  expect({ code: run.code, output: run.code === 0 ? '' : run.stdout + run.stderr }).toEqual({ code: 0, output: '' });
}

interface Bundle {
  readonly entry: readonly { readonly request: { readonly method: string; readonly url: string } }[];
}

/** Reads the files of an export, whose folder begins with its number. */
async function readFolder(out: string, number: string) {
  const folder = (await readdir(out)).find((name) => name.startsWith(`${number}.`)) ?? '';
  const names = await readdir(join(out, folder), { recursive: true });
  const files = names.filter((name) => name.endsWith('.ndjson') && name !== 'log.ndjson');
  const resources = new Map<string, string>();
  const deleted: string[] = [];
  for (const name of files) {
    const text = await readFile(join(out, folder, name), 'utf8');
    if (!name.startsWith('deleted/')) {
      addLines(resources, text);
      continue;
    }
    for (const line of text.split('\n').filter(Boolean))
      deleted.push(...(JSON.parse(line) as Bundle).entry.map(({ request }) => request.url));
  }
  return { resources, deleted };
}
