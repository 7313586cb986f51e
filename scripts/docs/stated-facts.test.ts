import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

test('each row of what the integration guide demands names a test that exists', () => {
  const page = read('docs/guide-examples.md');
  const rows = page.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| the guide demands'));
  expect(rows.length).toBeGreaterThan(12);
  for (const row of rows) {
    const shown = row.split(' | ').at(-1) ?? '';
    const files = [...shown.matchAll(/`([^`]+\.ts)`/g)].map(([, file = '']) => file);
    const isShown =
      files.length > 0 ? files.every((file) => existsSync(join(root, file))) : /\]\([^)]+\.md/.test(shown);
    expect([row, isShown]).toEqual([row, true]);
  }
});

test('the page about scaling gives the memory of a worker as the manifest does', () => {
  const manifest = read('docker/kubernetes/base/worker/worker.yaml');
  const [, asked] = /requests: \{[^}]*memory: (\d+)Mi/.exec(manifest) ?? [];
  const [, allowed] = /limits: \{[^}]*memory: (\d+)Mi/.exec(manifest) ?? [];
  expect(read('docs/scaling.md')).toContain(`ask for ${asked} MiB and allow ${allowed}.`);
});

test('the diagram of the README gives the interval of status requests as the program does', () => {
  const source = read('packages/imports/src/export/poll/poll-delay.ts');
  expect(source).toMatch(/10 \* 60_000/);
  expect(read('README.md')).toMatch(/export\.poll, 30 s to 10 m/);
});

test('each fact about athenahealth has a source', () => {
  const [, table = ''] = read('docs/providers.md').split('## What is known of athenahealth?');
  const rows = table.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| fact'));
  expect(rows.length).toBeGreaterThan(10);
  for (const row of rows) expect(row).toMatch(/20\d\d|the integration guide/);
});
