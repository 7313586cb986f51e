import { codesOf } from '@bulkhead/client';
import { expect, test } from '@jest/globals';
import { run } from '../run-program.fixture.ts';

/** Commands are in backticks. Nothing else may be. */
const withoutCommands = (text: string) => text.replaceAll(/`bulkhead [^`]*`/g, '');
const forPrograms = /`|\b[a-z]+[A-Z][a-z]|\b[a-z]+\.[a-z]+\b|\b(?:GET|POST|PUT|PATCH|DELETE) \//;

const message = 'Use the `id`, see `details`, and send `force: true`.';

test.each(codesOf('error'))(
  'the error %s is a text for people, also in lists and in the record of a run',
  async (code) => {
    const record = {
      id: 'job_1',
      connectionId: 'c',
      status: 'FAILED',
      phase: 'failed',
      errorCode: code,
      errorMessage: message,
      request: { exportType: 'Patient', resourceTypes: [] },
      warnings: [],
      issues: [],
      timeline: [],
      counts: { files: 0, filesCompleted: 0, filesFailed: 0, stored: 0 },
    };
    const refused = { status: 409, body: { success: false, error: { code, message } } };
    const shown = await Promise.all([
      run({ args: ['export', 'show', 'job_1'], answers: { getBulkExport: refused } }),
      run({ args: ['export', 'show', 'job_1'], answers: { getBulkExport: { status: 200, body: { data: record } } } }),
      run({ args: ['export', 'list'], answers: { listBulkExports: { status: 200, body: { data: [record] } } } }),
    ]);
    for (const { stdout, stderr } of shown) {
      expect(withoutCommands(stdout + stderr)).not.toMatch(forPrograms);
      if (code.includes('-')) expect(stdout + stderr).not.toContain(code);
      expect(stdout + stderr).toMatch(/\w+ \w+/);
    }
  },
);

test.each(codesOf('warning'))('the warning %s is a text for people', async (code) => {
  const record = {
    id: 'job_1',
    connectionId: 'c',
    status: 'COMPLETED',
    phase: 'completed',
    issues: [],
    timeline: [],
    request: { exportType: 'Patient', resourceTypes: [] },
    warnings: [{ code, message }],
    counts: { files: 0, filesCompleted: 0, filesFailed: 0, stored: 0 },
  };
  const answers = { getBulkExport: { status: 200, body: { data: record } } };
  const { stdout } = await run({ args: ['export', 'show', 'job_1'], answers });
  expect(stdout).toContain('Warnings');
  expect(withoutCommands(stdout)).not.toMatch(forPrograms);
  expect(stdout).not.toContain(code);
});
