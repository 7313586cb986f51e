import { execFile } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
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
  // Found where it runs. What is too much is refused too, before anybody looks at what it is.
  const rejections = [400, 401, 403, 404, 405, 406, 409, 410, 413, 415, 422, 429, 431, '5xx'].map(String);
  const config = `[checks]\nnegative_data_rejection.expected-statuses = ${JSON.stringify(rejections)}\n`;
  await writeFile(join(folder, 'schemathesis.toml'), config);
  const args = [
    // One worker, the default: two of them parse Python at the same time, which a bug of Python below 3.13 can break.
    ...['run', `${baseUrl}/openapi.json`, '--no-color', '--seed', '1', '--max-examples', '15'],
    // A sync that is waited for takes up to half a minute.
    ...['--header', `Authorization: Bearer ${apiKey}`, '--header', 'Prefer: respond-async'],
    ...['--request-timeout', '60'],
    // Streams of events, which last for minutes: it would wait for the end of each.
    ...['--exclude-path-regex', '/events$'],
    // What fields mean together (`since` and `typeFilters`, an id that exists) stands in no JSON Schema; and a 5xx of the
    // document (the EHR has not answered) is honest, while any other is found by its status.
    ...['--exclude-checks', 'positive_data_acceptance,not_a_server_error'],
  ];
  try {
    const { stdout } = await run(command, args, { cwd: folder, maxBuffer: 100_000_000 });
    return { passed: true, output: stdout };
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    const output = stdout + stderr;
    return { passed: !/^Failures:/m.test(output) && isItsOwnFault(output), output };
  }
}

/**
 * Hypothesis, which generates the data, sometimes loses its position and ends one operation early (IndexError). Python
 * below 3.13 sometimes miscounts the depth of a syntax tree (SystemError, https://github.com/python/cpython/issues/106905).
 */
function isItsOwnFault(output: string): boolean {
  const errors = output.match(/^Runtime Error$/gm) ?? [];
  const own =
    output.match(/^\s*(raise IndexError\(f"Index|SystemError: AST constructor recursion depth mismatch)/gm) ?? [];
  return errors.length > 0 && errors.length === own.length;
}
