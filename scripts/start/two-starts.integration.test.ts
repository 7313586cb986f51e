import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startScriptedServer, waitFor } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';

const main = join(import.meta.dirname, 'main.ts');

const folders = ['a', 'b', 'c'].map((name) => mkdtempSync(join(tmpdir(), `bulkhead-start-${name}-`)));
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

// Each start takes seconds, so the tests share them.
const [first = '', second = ''] = folders;
// The second start finds the ports of the first start taken, or takes them while the first one starts.
const starts = Promise.all([
  startOnce(['--folder', first, '--patients', '3'], { DEBUG: 'athenahealth:*' }),
  startOnce(['--folder', second, '--patients', '5']),
]);
const stateBefore = await waitFor(() => readState(first), { timeoutMs: 60_000, what: 'the first start' });
/** A start in the folder of the first one, while that one runs. */
const refusedEnd = await startOnce(['--folder', first, '--patients', '5']);
const stateAfter = readState(first);
const [firstEnd, secondEnd] = await starts;

interface Ended {
  readonly code: unknown;
  readonly output: string;
}

/** Runs `npm start -- --once` with its own Redis and MongoDB. */
function startOnce(args: readonly string[], change: Record<string, string> = {}): Promise<Ended> {
  const { REDIS_URL: _redis, MONGODB_URI: _mongodb, ...env } = process.env;
  let output = '';
  const ended = Promise.withResolvers<Ended>();
  const options = { env: { ...env, ...change }, timeout: 180_000 };
  const child = execFile(process.execPath, [main, '--once', ...args], options, (error) =>
    ended.resolve({ code: error === null ? 0 : (error.code ?? error.signal), output }),
  );
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (output += text));
  return ended.promise;
}

const stored = ({ output }: Ended) => /stored ([\d,]+) of ([\d,]+) resources in/.exec(output)?.slice(1);
const patients = ({ output }: Ended) => Number(/^\s*Patient\s+(\d+)\s*$/m.exec(output)?.[1]);

test('two starts at once, each with its own folder, store the resources of their own simulators', () => {
  // On a failure, shows what the start has printed.
  for (const { code, output } of [firstEnd, secondEnd]) expect([code, code === 0 ? '' : output]).toEqual([0, '']);
  expect([patients(firstEnd), patients(secondEnd)]).toEqual([3, 5]);
  for (const ended of [firstEnd, secondEnd]) {
    const [done, promised] = stored(ended) ?? [];
    expect(done).toBe(promised);
  }
  expect(stored(firstEnd)).not.toEqual(stored(secondEnd));
  // The bundled worker, too, reaches the classes of the driver with which it sends bytes.
  expect(readFileSync(join(folders[0] ?? '', 'logs', 'worker-1.log'), 'utf8')).toContain('"writesRaw":true');
});

test('DEBUG=athenahealth:* shows each request to the EHR, and without it none is shown', () => {
  expect(firstEnd.output).toMatch(
    /worker [12]: EHR request ended {2}kind=token method=POST host=127\.0\.0\.1:\d+ status=200/,
  );
  expect(firstEnd.output).toMatch(/EHR request ended {2}kind=download method=GET .* durationMs=\d+ waitMs=\d+/);
  expect(secondEnd.output).not.toContain('EHR request ended');
});

test('a second start with the same folder fails at once and does not change the state of the first one', () => {
  expect(refusedEnd.code).toBe(1);
  expect(refusedEnd.output).toMatch(/is in use by the process \d+\. Stop that one first, or give this start another/);
  expect(refusedEnd.output).not.toContain('simulator');
  expect(JSON.parse(stateAfter ?? '').encryptionKey).toBe(JSON.parse(stateBefore).encryptionKey);
  expect(firstEnd.code).toBe(0);
});

test('a start uses and reports another port if its saved port is taken by another program', async () => {
  const [folder = ''] = folders;
  const { simulatorPort } = JSON.parse(readState(folder) ?? '') as { simulatorPort: number };
  await using _otherServer = await startScriptedServer({ '*': { body: {} } }, { port: simulatorPort });
  const nextStart = await startOnce(['--folder', folder, '--patients', '3']);
  expect(nextStart.output).toContain(`simulator: port ${simulatorPort} is taken, using `);
  expect([nextStart.code, patients(nextStart)]).toEqual([0, 3]);
}, 180_000);

test('a start prints the error of the API if the API exits at start-up', async () => {
  const [, , folder = ''] = folders;
  const ended = await startOnce(['--folder', folder], { API_CLIENT_KEYS_PRIVATE_NETWORK: 'many' });
  expect(ended.code).toBe(1);
  expect(ended.output).toMatch(/api ended with exit code 1\. .*\n[\s\S]*- API_CLIENT_KEYS_PRIVATE_NETWORK: /);
}, 180_000);

test('npm start -- --help prints the options and starts nothing', async () => {
  const folder = join(folders[2] ?? '', 'none');
  const { code, output } = await startOnce(['--folder', folder, '--help']);
  expect([code, output]).toEqual([0, expect.stringMatching(/^usage: npm start -- .*--once/)]);
  expect(existsSync(folder)).toBe(false);
});

function readState(folder: string): string | undefined {
  try {
    return readFileSync(join(folder, 'state.json'), 'utf8');
  } catch {
    // The start has not written it yet.
    return undefined;
  }
}
