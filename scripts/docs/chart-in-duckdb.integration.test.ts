import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { installFromPypi } from '@bulkhead/embedded';
import { afterAll, expect, test } from '@jest/globals';
import { onTestServers } from '../test-system/on-test-servers.fixture.ts';
import { startTestSystem } from '../test-system/start-test-system.ts';
import { commandsOf, runShell } from './run-shell.fixture.ts';

const duckdb = await installFromPypi({ name: 'duckdb-cli', version: '1.5.6', command: 'duckdb', env: process.env });
const system = await startTestSystem({ ...onTestServers(), patients: 40 });
afterAll(() => system.stop());

const run = 'missing' in duckdb ? test.skip : test;

run(
  `the commands of docs/how-to/chart-in-duckdb.md draw the chart as written${'missing' in duckdb ? `: skipped, because DuckDB is missing: ${duckdb.missing}` : ''}`,
  async () => {
    const { baseUrl: BULKHEAD_URL, apiKey: BULKHEAD_API_KEY, connectionId: CONNECTION, folder } = system;
    const { command } = duckdb as { readonly command: string };
    const printed = await runShell({
      commands: `PATH="${dirname(command)}:$PATH"\n${await commandsOf('docs/how-to/chart-in-duckdb.md')}`,
      folder,
      env: { BULKHEAD_URL, BULKHEAD_API_KEY, CONNECTION },
    });
    expect(printed).toMatch(/Hemoglobin A1c/);
    expect(printed).toMatch(/9 and more .*█/);
    const chart = readFileSync(join(folder, 'a1c.svg'), 'utf8');
    expect(chart).toMatch(/^<svg .*<\/svg>\n$/);
    expect(chart.match(/<rect x=/g)).toHaveLength(4);
  },
);
