import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { runJson } from '../run-json.fixture.ts';
import { installSchemathesis } from './schemathesis.ts';

const missing = await installSchemathesis().then(() => undefined, String);

if (missing !== undefined) {
  console.warn(`The fuzz test is skipped: it needs python3 with venv, and PyPI. ${missing}`);
  test.todo('the API answers every generated request as the OpenAPI document says');
} else {
  test('the API answers every generated request as the OpenAPI document says', async () => {
    const { result } = await runJson(join(import.meta.dirname, 'main.ts'), ['--seed', 1, '--requests', 1000]);
    expect(result.requests).toBeGreaterThanOrEqual(1000);
    expect(result.failures).toBe(0);
  }, 300_000);
}
