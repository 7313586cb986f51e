import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { captureCommand } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';

/** Runs test files in one process. @returns the title and the state of each test, sorted */
async function runFiles(files: Readonly<Record<string, string>>): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-runtime-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
    const config = join(import.meta.dirname, '..', 'jest.config.mjs');
    const options = ['--config', config, '--rootDir', folder, '--roots', folder, '--runInBand', '--json'];
    const command = [process.execPath, jest, ...options];
    const env = { ...process.env, NODE_COMPILE_CACHE: join(folder, 'cache') };
    const { stdout } = await captureCommand({ command, env, cwd: folder });
    const { testResults } = JSON.parse(stdout) as {
      testResults: { assertionResults: { title: string; status: string }[] }[];
    };
    const results = testResults.flatMap(({ assertionResults }) => assertionResults);
    return results.map(({ title, status }) => `${title} ${status}`).toSorted();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('a helper that two files of a worker share defines the tests of each file', async () => {
  const results = await runFiles({
    'helper.ts': `import { expect, jest, test } from '@jest/globals';
      export const testOne = (value: number) => test.each([value])('%s', (given) => expect(jest.fn(() => given)()).toBe(1));`,
    'a.test.ts': `import { testOne } from './helper.ts';\n testOne(1);`,
    'b.test.ts': `import { testOne } from './helper.ts';\n testOne(2);`,
  });
  expect(results).toEqual(['1 passed', '2 failed']);
});

test('a worker writes its compile cache after each file, and not while jest waits for its exit', async () => {
  const text = `import { readdirSync } from 'node:fs';
    import { expect, test } from '@jest/globals';
    const { length } = readdirSync(process.env.NODE_COMPILE_CACHE, { recursive: true });
    const lengthBefore = globalThis.lengthBefore;
    globalThis.lengthBefore = length;
    if (lengthBefore === undefined) test('the first file', () => undefined);
    else test('the second file', () => expect(length).toBeGreaterThan(lengthBefore));`;
  const results = await runFiles({ 'a.test.ts': text, 'b.test.ts': text });
  expect(results).toEqual(['the first file passed', 'the second file passed']);
});
