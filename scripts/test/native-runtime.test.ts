import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { captureCommand } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';

test('a helper that two files of a worker share defines the tests of each file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-runtime-'));
  const files = {
    'package.json': '{ "type": "module" }',
    'helper.ts': `import { expect, jest, test } from '@jest/globals';
      export const testOne = (value: number) => test.each([value])('%s', (given) => expect(jest.fn(() => given)()).toBe(1));`,
    'a.test.ts': `import { testOne } from './helper.ts';\n testOne(1);`,
    'b.test.ts': `import { testOne } from './helper.ts';\n testOne(2);`,
  };
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
    const config = join(import.meta.dirname, '..', 'jest.config.mjs');
    const options = ['--config', config, '--rootDir', folder, '--roots', folder, '--runInBand', '--json'];
    const command = [process.execPath, jest, ...options];
    const { stdout } = await captureCommand({ command, env: process.env, cwd: folder });
    const { testResults } = JSON.parse(stdout) as {
      testResults: { assertionResults: { title: string; status: string }[] }[];
    };
    const results = testResults.flatMap(({ assertionResults }) => assertionResults);
    expect(results.map(({ title, status }) => `${title} ${status}`).toSorted()).toEqual(['1 passed', '2 failed']);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);
