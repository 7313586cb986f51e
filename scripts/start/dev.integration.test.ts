import { execFile } from 'node:child_process';
import { mkdtempDisposableSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { baseEnv, captureCommand, waitFor } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '../..');

test('pnpm dev serves the console with hot reload, leaves a command line, and restarts the API and the worker after a source has changed', async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'bulkhead-dev-'));
  const { REDIS_URL: _redis, MONGODB_URI: _mongodb, ...env } = process.env;
  let output = '';
  const ended = Promise.withResolvers<number | null>();
  const args = [join(import.meta.dirname, 'main.ts'), '--dev', '--folder', folder.path];
  const child = execFile(process.execPath, [...args, '--patients', '2'], { env });
  child.once('close', (code) => ended.resolve(code));
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (output += text));
  const printed = (pattern: RegExp) =>
    waitFor(() => pattern.exec(output)?.[1] ?? undefined, { timeoutMs: 60_000, what: `${pattern} in\n${output}` });
  try {
    const consoleUrl = await printed(/console with hot reload: (\S+)/);
    const apiUrl = await printed(/api +[\d.]+ s +(http\S+)/);
    expect(await (await fetch(consoleUrl)).text()).toContain('/@vite/client');
    const instance = async () => ((await (await fetch(`${apiUrl}/health`)).json()) as { instance?: string }).instance;
    const before = await instance();

    // As a user copies it from the lines above: the key, and the command that uses it.
    const lines = [await printed(/^ {2}(export KEY=\S+)$/m), await printed(/^Command line (.+)$/m)];
    const command = ['sh', '-c', lines.join('\n')];
    const { code, stdout, stderr } = await captureCommand({ cwd: root, env: baseEnv(), command });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('athenahealth');

    const now = new Date();
    utimesSync(join(root, 'apps', 'worker', 'src', 'main.ts'), now, now);
    await printed(/(apps\/worker\/src\/main\.ts) has changed, restarting the API and the worker/);
    await waitFor(async () => (await instance()) !== before, { timeoutMs: 30_000, what: 'the restarted API' });
  } finally {
    child.kill('SIGTERM');
  }
  expect(await ended.promise).toBe(0);
  expect(output).not.toContain(' died ');
});
