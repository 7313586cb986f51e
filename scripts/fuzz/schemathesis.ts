import { execFile } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '@bulkhead/embedded';

const version = '4.32.5';
const run = promisify(execFile);

/**
 * Installs Schemathesis (https://schemathesis.io) from PyPI, once a machine.
 * @returns its command, or why there is none: no Python, or no package index.
 */
export async function installSchemathesis(): Promise<{ readonly command: string } | { readonly missing: string }> {
  const folder = join(cacheFolder(process.env), `schemathesis-${version}`);
  const command = join(folder, 'bin', 'schemathesis');
  if (existsSync(command)) return { command };
  try {
    await run('python3', ['-m', 'venv', '--clear', folder]);
    await run(join(folder, 'bin', 'pip'), ['install', '--quiet', `schemathesis==${version}`], { timeout: 180_000 });
    return { command };
  } catch (error) {
    // Half an environment would pass for a whole one next time.
    rmSync(folder, { recursive: true, force: true });
    return { missing: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * Runs it against an API: examples, the edges of each schema, generated data, and chains of requests.
 * @returns what it prints, and whether it has found nothing.
 */
export async function runSchemathesis(options: {
  readonly command: string;
  readonly baseUrl: string;
  readonly apiKey: string;
  /** Where it keeps what it has tried. */
  readonly folder: string;
}): Promise<{ readonly passed: boolean; readonly output: string }> {
  const { command, baseUrl, apiKey, folder } = options;
  const args = [
    ...['run', `${baseUrl}/openapi.json`, '--no-color', '--seed', '1', '--max-examples', '15', '--workers', '2'],
    // A sync that is waited for takes up to half a minute.
    ...['--header', `Authorization: Bearer ${apiKey}`, '--header', 'Prefer: respond-async'],
    ...['--request-timeout', '60'],
    // What fields mean together (`since` and `typeFilters`, an id that exists) stands in no JSON Schema; and a 5xx of the
    // document (the EHR has not answered) is honest, while any other is found by its status.
    ...['--exclude-checks', 'positive_data_acceptance,not_a_server_error'],
  ];
  try {
    const { stdout } = await run(command, args, { cwd: folder, maxBuffer: 100_000_000 });
    return { passed: true, output: stdout };
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    return { passed: false, output: stdout + stderr };
  }
}
