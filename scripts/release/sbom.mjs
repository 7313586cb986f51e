// usage: pnpm sbom:make [FOLDER]    writes a CycloneDX bill of materials for each image to FOLDER (default: sbom)
// pnpm generates it from the lockfile: each package with its version, licence and integrity hash.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Each app that has an image in docker/Dockerfile. */
const apps = ['api', 'worker', 'ehr-simulator'];

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
}
