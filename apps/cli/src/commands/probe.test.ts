import { mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { exampleOf, run } from '../run-program.fixture.ts';

const state = (exampleOf('readProbe') as { readonly data: { readonly probe: { readonly file: object } } }).data;
const operationsOf = (calls: readonly { readonly id: string }[]) => calls.map(({ id }) => id);

test('probe asks first, and --apply sends the file that it has measured', async () => {
  const { calls, stdout, stderr, exitCode } = await run({ args: ['probe', 'conn_1', '--apply'], types: 'y\n' });
  expect(exitCode).toBe(0);
  expect(operationsOf(calls)).toEqual(['readProbe', 'startProbe', 'applyFacts']);
  expect(JSON.parse(calls.at(-1)?.sent ?? '')).toEqual(state.probe.file);
  expect(stdout).toContain('50 (known: 100)');
  expect(stderr).toContain('send at most 80 requests to the EHR of conn_1, and start and delete at most 7 exports');
  expect(stderr).toContain('Applied to athenahealth, preview.');
});

test('the table of a probe fits a terminal of 80 characters, and shows why a fact is unknown', async () => {
  const how = 'Not measured, because the EHR allows one export in 24 hours and the last one was started at 03:00.';
  const row = { name: 'since', title: 'what happens to changes while an export runs', differs: false, how };
  const known = { ...row, name: 'poll', title: 'seconds between two polls', value: '30', known: '60', differs: true };
  const data = { ...state, probe: { ...state.probe, rows: [row, known], endedAt: '2026-01-01T00:00:00Z' } };
  const answers = { startProbe: { status: 202, body: { success: true, data } } };
  const { stdout } = await run({ args: ['probe', 'conn_1', '--yes'], answers });
  const lines = stdout.trimEnd().split('\n');
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  const words = stdout.replaceAll(/\s+/g, ' ');
  for (const part of ['unknown', '30 (known: 60)', 'Not measured', '24 hours', '03:00.']) expect(words).toContain(part);
});

test('probe apply says what it has changed, also to a program', async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'bulkhead-probe-'));
  const file = join(folder.path, 'facts.json');
  writeFileSync(file, JSON.stringify(state.probe.file));
  const applied = await run({ args: ['probe', 'apply', file] });
  expect(applied.stdout).toContain('Applied to athenahealth, preview.');
  const { stdout } = await run({ args: ['probe', 'apply', file, '--json'] });
  expect(JSON.parse(stdout)).toMatchObject({ provider: 'athenahealth', environment: 'preview' });
});

test('a probe that has failed applies nothing, and exits with the error of the probe', async () => {
  const error = { code: 'ehr-forbidden', message: 'The EHR refused to delete an export of the probe (403).' };
  const data = { ...state, probe: { ...state.probe, phase: 'failed', error } };
  const answers = { startProbe: { status: 202, body: { success: true, data } } };
  const { calls, stderr, exitCode } = await run({ args: ['probe', 'conn_1', '--yes', '--apply'], answers });
  expect(operationsOf(calls)).toEqual(['readProbe', 'startProbe']);
  expect(stderr).toContain(error.message);
  expect(exitCode).not.toBe(0);
});
