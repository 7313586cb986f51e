import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..', '..');
const read = (path: string) => JSON.parse(readFileSync(join(root, path), 'utf8'));

test('the images are built by the pnpm of the workspace, checked against its integrity hash', () => {
  const { packageManager } = read('package.json') as { readonly packageManager: string };
  const version = packageManager.replace('pnpm@', '');
  expect(read('docker/pnpm/package.json').dependencies).toEqual({ pnpm: version });
  const { '': _, ...packages } = read('docker/pnpm/package-lock.json').packages as Record<
    string,
    { readonly version: string; readonly integrity: string }
  >;
  expect(Object.keys(packages)).toContain('node_modules/pnpm');
  for (const { version: locked, integrity } of Object.values(packages)) {
    expect(locked).toBe(version);
    expect(integrity).toMatch(/^sha512-/);
  }
});
