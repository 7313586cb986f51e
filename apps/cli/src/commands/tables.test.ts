import { mkdtempDisposableSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { exampleOf, run } from '../run-program.fixture.ts';

let folder: ReturnType<typeof mkdtempDisposableSync>;
let view: string;
beforeAll(() => {
  folder = mkdtempDisposableSync(join(tmpdir(), 'bulkhead-cli-tables-'));
  view = join(folder.path, 'view.json');
  writeFileSync(view, '{}');
});
afterAll(() => folder.remove());

const getTable = (answer: Parameters<typeof run>[0]['answers'], ...others: string[]) =>
  run({ args: ['tables', 'get', '--connection', 'conn_1', '--definition', view, ...others], answers: answer ?? {} });
const refusal = (code: string, message: string, details: unknown) => ({
  readViewTable: { status: 422, body: { success: false, error: { code, message, details } } },
});

test('tables get shows the place of a fault in a view as the API says it', async () => {
  const message = 'The view is not valid. Correct what `details` lists and send it again.';
  const details = [{ path: 'select.0.column.1.name', message: '`ID` is the name of another column' }];
  const { exitCode, stderr } = await getTable(refusal('invalid-view', message, details));
  expect(exitCode).toBe(6);
  expect(stderr).toBe(`${message}\n  select.0.column.1.name: \`ID\` is the name of another column\n`);
});

test('tables get shows the text of a view that failed, and the patient whom only `details` name', async () => {
  const message = 'The column `last_name` of a Patient, whose id is in `details`, cannot be computed. It has 2 values.';
  const details = { resourceType: 'Patient', resourceId: 'p1', column: 'last_name' };
  const { stderr } = await getTable(refusal('view-failed', message, details));
  expect(stderr).toBe(`${message}\n  Patient/p1\n`);
});

test('tables get prints the warnings about a view to the standard error', async () => {
  const warnings = [{ path: 'select.0.column.0.path', message: 'line 1, column 1: `birthdate` is not an element.' }];
  const answers = { readViewTable: { body: '{}\n', headers: { 'x-table-warnings': JSON.stringify(warnings) } } };
  const { exitCode, stdout, stderr } = await getTable(answers);
  expect([exitCode, stdout]).toEqual([0, '{}\n']);
  expect(stderr).toBe(`Warning: select.0.column.0.path: ${warnings[0]?.message}\n`);
});

test('tables get prints the time up to which a table is current in the form that --since takes', async () => {
  const until = '2026-11-30T22:34:16.000Z';
  const answers = { readViewTable: { body: '', headers: { 'x-table-until': until } } };
  const { stdout } = await getTable(answers, '--out', join(folder.path, 'out'));
  expect(stdout.trim().split('\n').at(-1)?.endsWith(`  ${until}`)).toBe(true);
  const { calls } = await getTable(answers, '--since', until);
  expect(new URLSearchParams(calls[0]?.search).get('_since')).toBe(until);
});

test('tables get without a view writes all views into a folder, and needs one for that', async () => {
  const { data } = exampleOf('listTables') as { readonly data: readonly { readonly name: string }[] };
  const all = join(folder.path, 'all');
  const args = ['tables', 'get', '--connection', 'conn_1'];
  const { exitCode } = await run({ args: [...args, '--out', all], answers: { readTable: { body: '{}\n' } } });
  expect([exitCode, readdirSync(all)]).toEqual([0, data.map(({ name }) => `${name}.ndjson`).toSorted()]);
  const { stderr } = await run({ args });
  expect(stderr).toContain('With --out, the default is all views.');
});
