import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { describeWith } from '../describe-with.fixture.ts';
import { runJson } from '../run-json.fixture.ts';
import { installSchemathesis } from './schemathesis.ts';

const tool = await installSchemathesis().then(
  () => ({}),
  (error) => ({ missing: `They need python3 with venv, and PyPI. ${error}` }),
);

describeWith({ title: 'generated requests', tool }, () => {
  test('the API answers every generated request as the OpenAPI document says', async () => {
    const { result } = await runJson(join(import.meta.dirname, 'main.ts'), ['--seed', 1, '--requests', 1000]);
    expect(result.requests).toBeGreaterThanOrEqual(1000);
    expect(result.failures).toBe(0);
  }, 600_000);
});
