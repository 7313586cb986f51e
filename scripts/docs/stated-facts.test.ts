import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

test('each row of what the integration guide demands names a test by its title, or links to a page', () => {
  const page = read('docs/guide-examples.md');
  const rows = page.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| the guide demands'));
  expect(rows.length).toBeGreaterThan(20);
  for (const row of rows) {
    const [shown = '', file = ''] = row
      .split(' | ')
      .slice(-2)
      .map((cell) => cell.replaceAll(/^`|`? \|$/g, ''));
    const isPage = /^\[.+\]\([^)]+\.md/.test(shown);
    const isTest = existsSync(join(root, file)) && file.endsWith('.test.ts') && read(file).includes(shown);
    expect([row, isPage || isTest]).toEqual([row, true]);
  }
});

test('the page about scaling gives the memory of a worker as the manifest does', () => {
  const manifest = read('docker/kubernetes/base/worker/worker.yaml');
  const [, asked] = /requests: \{[^}]*memory: (\d+)Mi/.exec(manifest) ?? [];
  const [, allowed] = /limits: \{[^}]*memory: (\d+)Mi/.exec(manifest) ?? [];
  expect(read('docs/scaling.md')).toContain(`ask for ${asked} MiB and allow ${allowed}.`);
});

test('the diagram of the README gives the interval of status requests as the program does', () => {
  const source = read('packages/imports/src/export/poll-delay.ts');
  expect(source).toMatch(/10 \* 60_000/);
  expect(read('README.md')).toMatch(/export\.poll, 30 s to 10 m/);
});

const numerals = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];

test('the page about tables gives the number of published views and of the tests of the suite', () => {
  const views = globSync('packages/serving/src/tables/views/*.json', { cwd: root }).length;
  const report: Readonly<Record<string, { readonly tests: readonly object[] }>> = JSON.parse(
    read('packages/serving/src/tables/sql-on-fhir-report.json'),
  );
  const tests = Object.values(report).reduce((sum, file) => sum + file.tests.length, 0);
  const page = read('docs/tables.md');
  expect([views, page]).toEqual([25, expect.stringContaining('Twenty-five views are published')]);
  expect(page).toContain(`All ${tests} tests of the published suite pass`);
  expect(read('docs/decisions/0016-an-engine-for-views.md')).toContain(`All ${tests} tests pass`);
});

test('the pages give the number of dashboards', () => {
  const count = numerals[globSync('docker/grafana/dashboards/*.json', { cwd: root }).length];
  expect(read('docs/metrics.md')).toContain(`has ${count} dashboards.`);
  expect(read('docs/how-to/kubernetes.md')).toContain(`with the ${count} dashboards,`);
});

test('each fact about athenahealth has a source', () => {
  const [, section = ''] = read('docs/providers.md').split('## What is known of athenahealth?');
  const [table = ''] = section.split('\n## ');
  const rows = table.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| fact'));
  expect(rows.length).toBeGreaterThan(10);
  for (const row of rows) expect(row).toMatch(/20\d\d|the integration guide/);
});
