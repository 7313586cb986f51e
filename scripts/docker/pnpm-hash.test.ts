import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..', '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

test('docker/pnpm.sha512 has a hash of this version of pnpm for each architecture of the images', () => {
  const [, version] = JSON.parse(read('package.json')).packageManager.split('@');
  const lines = read('docker/pnpm.sha512').trimEnd().split('\n');
  expect(lines.map((line) => line.replace(/^[0-9a-f]{128} {2}/, '')).sort()).toEqual(
    ['arm64', 'x64'].map((arch) => `pnpm-exe.linux-${arch}-${version}.tgz`),
  );
});
