import { expect, test } from '@jest/globals';
import { exampleOf, run } from '../run-program.fixture.ts';

const state = (exampleOf('readProbe') as { readonly data: { readonly probe: { readonly file: object } } }).data;
const operationsOf = (calls: readonly { readonly id: string }[]) => calls.map(({ id }) => id);

test('probe asks first, and --apply sends the file that it has measured', async () => {
  const { calls, stdout, stderr, exitCode } = await run({ args: ['probe', 'conn_1', '--apply'], types: 'y\n' });
  expect(exitCode).toBe(0);
  expect(operationsOf(calls)).toEqual(['readProbe', 'startProbe', 'applyFacts']);
  expect(JSON.parse(calls.at(-1)?.sent ?? '')).toEqual(state.probe.file);
  expect(stdout).toContain('the largest page of a search');
  expect(stderr).toContain('send at most 80 requests to the EHR of conn_1, and start and delete at most 7 exports');
  expect(stderr).toContain('Applied to athenahealth, preview.');
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
