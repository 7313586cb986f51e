import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const folder = join(import.meta.dirname, '..', '..', 'packages', 'client');

/**
 * What `pnpm build` makes of the API's document, where nothing has been built yet: nothing needs it to run, but the tests of the layers
 * follow every import.
 */
export async function ensureClientTypes(): Promise<void> {
  const file = join('src', 'api-types.ts');
  if (existsSync(join(folder, file))) return;
  const generator = join(folder, 'node_modules', 'openapi-typescript', 'bin', 'cli.js');
  await promisify(execFile)(process.execPath, [generator, '../../docs/openapi.json', '-o', file], { cwd: folder });
}
