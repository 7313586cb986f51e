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
  if (existsSync(join(folder, 'src', 'api-types.ts'))) return;
  await promisify(execFile)(process.execPath, ['--run', 'types'], { cwd: folder });
}
