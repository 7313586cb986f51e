import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { baseEnv, captureCommand } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import { describeWith } from '../describe-with.fixture.ts';
import { buildForTest } from '../maven/maven-project.ts';
import { addLines, registerClient, type ServedSystem, startServedSystem } from './served-system.fixture.ts';

const project = { folder: join(import.meta.dirname, 'pathling'), name: 'client-pathling', downloads: '35 MB' };
const tool = await buildForTest({ project, env: process.env });

describeWith({ title: 'the Bulk Data client of Pathling (Java)', tool }, ({ classPath }) => {
  let system: ServedSystem;
  afterAll(() => system?.stop());

  test("Pathling's client exports all resources, then what has changed, and shows why it was refused", async () => {
    system = await startServedSystem({ patients: 8 });
    const { folder: cwd, fhirUrl, connectionId } = system;
    await system.importAll();
    const ownKeys = ({ privateKey }: Record<string, object>) => privateKey ?? {};
    const { id, file } = await registerClient(system, { name: 'pathling', alg: 'RS384', ownKeys });
    const run = (options: { group?: string; out: string; since?: string; types?: readonly string[] }) => {
      const { group = connectionId, out, since = '', types = [] } = options;
      const program = ['java', '-cp', classPath, 'clients.ExportWithPathling'];
      return captureCommand({
        cwd,
        env: baseEnv(),
        command: [...program, fhirUrl, id, file, group, out, since, ...types],
      });
    };

    const first = await run({ out: 'all' });
    expect({ code: first.code, errors: first.code === 0 ? '' : first.stdout + first.stderr }).toEqual({
      code: 0,
      errors: '',
    });
    const all = await readFolder(join(cwd, 'all'));
    expect(all).toEqual(await system.stored());
    expect(all.size).toBeGreaterThan(100);

    await system.changeEverything();
    await run({ out: 'changed', since: first.stdout.trim(), types: ['Patient', 'Observation'] });
    const changed = await readFolder(join(cwd, 'changed'));
    const stored = await system.stored();
    // The latest changes are exported again.
    expect(changed.size).toBeGreaterThanOrEqual(2);
    for (const [reference, line] of changed) expect(line).toBe(stored.get(reference));

    const refused = await run({ group: 'other', out: 'refused' });
    expect([refused.code, refused.stdout]).toEqual([1, expect.stringContaining('"Group/other" does not exist here.')]);
  }, 180_000);
});

/** The lines of the exported resources by their references. */
async function readFolder(folder: string): Promise<Map<string, string>> {
  const lines = new Map<string, string>();
  for (const name of (await readdir(folder)).filter((file) => file.endsWith('.ndjson')))
    addLines(lines, await readFile(join(folder, name), 'utf8'));
  return lines;
}
