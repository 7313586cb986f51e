import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const folder = join(import.meta.dirname, '..', '..', 'packages', 'client');

/**
 * Generates the client's types, which `pnpm build` makes from the OpenAPI document, if they do not exist yet. Nothing
 * needs them at run time, but the tests of the layers follow every import.
 */
export async function ensureClientTypes(): Promise<void> {
  if (existsSync(join(folder, 'src', 'api-types.ts'))) return;
  await promisify(execFile)(process.execPath, ['--run', 'types'], { cwd: folder });
}
