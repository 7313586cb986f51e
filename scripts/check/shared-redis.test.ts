import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..', '..');
const files = globSync(['apps/*/{src,test}/**/*.ts', 'packages/*/src/**/*.ts'], { cwd: root });
const flush = /\.flush(?:db|all)\b|['"`]flush(?:db|all)['"`]/i;

test('nothing deletes the keys of others in a Redis that is shared: `loseKeys` deletes those of a test file', () => {
  expect(files.length).toBeGreaterThan(1000);
  expect(files.filter((file) => flush.test(readFileSync(join(root, file), 'utf8')))).toEqual([]);
});
