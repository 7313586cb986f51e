// usage: pnpm sbom:make [FOLDER]    writes a CycloneDX bill of materials for each image to FOLDER (default: sbom)
// pnpm generates it from the lockfile: each package with its version, licence and integrity hash.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Each app that has an image in docker/Dockerfile. */
const apps = ['api', 'serve', 'worker', 'ehr-simulator'];

const { patchedDependencies } = parse(readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8'));
/** The patches by package and version, such as `mongodb@7.8.0`. */
const patches = new Map(
  Object.entries(patchedDependencies).map(([name, file]) => [name, readFileSync(join(root, file), 'utf8')]),
);

const folder = resolve(process.argv[2] ?? join(root, 'sbom'));
mkdirSync(folder, { recursive: true });
const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
for (const app of apps) {
  const args = ['--filter', `@bulkhead/${app}`, 'sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application'];
  const out = join(folder, `bulkhead-${app}.cdx.json`);
  const { status, error } = spawnSync(
    'npx',
    ['-y', packageManager, ...args, '--prod', '--lockfile-only', '--out', out],
    {
      cwd: root,
      stdio: 'inherit',
    },
  );
  if (error) console.error(`npx does not start: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
  addPatches(out);
}

/** pnpm does not say which packages are patched. Without this, a scanner compares the code with that of the registry. */
function addPatches(file) {
  const bom = JSON.parse(readFileSync(file, 'utf8'));
  for (const component of bom.components) {
    const patch = patches.get(`${component.name}@${component.version}`);
    if (patch !== undefined)
      component.pedigree = {
        patches: [{ type: 'unofficial', diff: { text: { contentType: 'text/x-diff', content: patch } } }],
        notes: 'The decision and its reasons are in docs/decisions of the source.',
      };
  }
  writeFileSync(file, `${JSON.stringify(bom, null, 2)}\n`);
}
