import { join } from 'node:path';
import { spawnTethered } from '@bulkhead/embedded';
import { expect, test } from '@jest/globals';
import { installSchemathesis } from './schemathesis.ts';

const missing = await installSchemathesis().then(() => undefined, String);

if (missing !== undefined) {
  console.warn(`The fuzz test is skipped: it needs python3 with venv, and PyPI. ${missing}`);
  test.todo('the API answers every generated request as the OpenAPI document says');
} else {
  test('the API answers every generated request as the OpenAPI document says', async () => {
    const lines: string[] = [];
    const args = ['--json', '--seed', '1', '--requests', '1000'];
    const { exited } = await spawnTethered({
      command: process.execPath,
      args: ['--conditions=@bulkhead/source', join(import.meta.dirname, 'main.ts'), ...args],
      output: { onLine: (line) => lines.push(line) },
    });
    const { code } = await exited;
    // The lines name the request and the fault of its answer.
    if (code !== 0) console.error(lines.join('\n'));
    const { requests, failures } = JSON.parse(lines.find((line) => line.startsWith('{')) ?? '{}');
    expect(requests).toBeGreaterThanOrEqual(1000);
    expect(failures).toBe(0);
  }, 300_000);
}
