import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { installFromPypi } from '@bulkhead/embedded';

const run = promisify(execFile);

/**
 * Installs Schemathesis (https://schemathesis.io).
 * @returns its command
 * @throws Error if Python or the package index is missing
 */
export async function installSchemathesis(): Promise<string> {
  const program = { name: 'schemathesis', version: '4.32.5', command: 'schemathesis' };
  const installed = await installFromPypi({ ...program, env: process.env });
  if ('missing' in installed) throw new Error(installed.missing);
  return installed.command;
}

/** The examples and the limits of each schema are the same for every seed: about 3,300 requests. */
const everyTime = 'examples,coverage';
/** Generated data and chains of requests: about 600 in the first run, which takes half a minute, and 4,000 in a later one. */
const bySeed = 'fuzzing,stateful';

/** Runs it once against an API. */
export async function runSchemathesis(options: {
  readonly command: string;
  readonly baseUrl: string;
  readonly apiKey: string;
  /** The folder for its configuration and its state. */
  readonly folder: string;
  readonly seed: number;
  /** Only generate other data than earlier runs. */
  readonly isRepeated: boolean;
}): Promise<{ readonly sent: number; readonly failures: number; readonly output: string }> {
  const { command, baseUrl, apiKey, folder, seed, isRepeated } = options;
  // The configuration is read from the working directory. A request that is too large is rejected before it is validated.
  const rejections = [400, 401, 403, 404, 405, 406, 409, 410, 413, 415, 422, 429, 431, '5xx'].map(String);
  const config = `[checks]\nnegative_data_rejection.expected-statuses = ${JSON.stringify(rejections)}\n`;
  await writeFile(join(folder, 'schemathesis.toml'), config);
  const args = [
    // One worker, the default. Two workers parse Python at the same time, which can fail because of a bug in Python
    // below 3.13.
    ...['run', `${baseUrl}/openapi.json`, '--no-color', '--seed', String(seed)],
    ...['--phases', isRepeated ? bySeed : `${everyTime},${bySeed}`, '--max-examples', isRepeated ? '30' : '5'],
    // Without `Prefer`, a sync may take half a minute to answer.
    ...['--header', `Authorization: Bearer ${apiKey}`, '--header', 'Prefer: respond-async'],
    ...['--request-timeout', '60'],
    // Event streams last for minutes, and Schemathesis would wait until each of them ends.
    ...['--exclude-path-regex', '/events$'],
    // JSON Schema cannot express how fields depend on each other (`since` and `typeFilters`, an id that exists). A
    // documented 5xx (the EHR did not answer) is correct. Any other 5xx is detected because it is not documented.
    ...['--exclude-checks', 'positive_data_acceptance,not_a_server_error'],
  ];
  const { failed, output } = await run(command, args, { cwd: folder, maxBuffer: 100_000_000 }).then(
    ({ stdout }) => ({ failed: false, output: stdout }),
    ({ stdout = '', stderr = '' }: { stdout?: string; stderr?: string }) => ({ failed: true, output: stdout + stderr }),
  );
  // "Test cases:\n  3373 generated, 3373 passed, 88 skipped"
  const sent = Number(/^Test cases:\s+(\d+) generated/m.exec(output)?.[1]);
  if (Number.isNaN(sent)) throw new Error(`Schemathesis did not run:\n${output}`);
  const isFailure = failed && (/^Failures:/m.test(output) || !isItsOwnFault(output));
  return { sent, failures: isFailure ? Number(/(\d+) failed/.exec(output)?.[1] ?? 1) : 0, output };
}

/**
 * Hypothesis, which generates the data, sometimes loses its position and ends one operation early (IndexError). Python below 3.13
 * sometimes miscounts the depth of a syntax tree (SystemError, https://github.com/python/cpython/issues/106905).
 */
function isItsOwnFault(output: string): boolean {
  const errors = output.match(/^Runtime Error$/gm) ?? [];
  const ownFault =
    output.match(/^\s*(raise IndexError\(f"Index|SystemError: AST constructor recursion depth mismatch)/gm) ?? [];
  return errors.length > 0 && errors.length === ownFault.length;
}
