import { expect, test } from '@jest/globals';
import { exampleOf, run } from '../run-program.fixture.ts';

const example = (exampleOf('getSyncRun') as { readonly data: object }).data;

test.each([
  { skipped: [], exitCode: 0 },
  { skipped: [{ resourceType: 'Appointment', reason: 'found by id only', always: true }], exitCode: 0 },
  { skipped: [{ resourceType: 'CarePlan', reason: 'the granted scopes do not cover it' }], exitCode: 7 },
])('sync watch shows the types that were left out, and exits with $exitCode', async ({ skipped, exitCode }) => {
  const data = { ...example, status: 'COMPLETED', warnings: [], skipped };
  const answers = { getSyncRun: { body: { success: true, data } } };
  const result = await run({ args: ['sync', 'watch', 'sync_1'], answers });
  expect(result.exitCode).toBe(exitCode);
  for (const { resourceType, reason } of skipped)
    expect(result.stdout).toContain(`skipped  ${resourceType}: ${reason}`);
});
