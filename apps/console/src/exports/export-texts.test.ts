import { expect, test } from '@jest/globals';
import type { BulkExport } from '../api/api.ts';
import { canRetryExport, filesText, noFilesText, requestText } from './export-texts.ts';

const counts = (files: number, filesFailed = 0) => ({ files, filesCompleted: 0, filesFailed }) as BulkExport['counts'];

test.each([
  { status: 'IN_PROGRESS', title: 'No files yet', files: 'not known yet' },
  { status: 'COMPLETED', title: 'No files', files: 'none' },
  { status: 'FAILED', title: 'No files', files: 'none' },
  { status: 'CANCELLED', title: 'No files', files: 'none' },
] as const)('an export without files that is $status says "$title", and its number of files is $files', (expected) => {
  const { status } = expected;
  expect(noFilesText(status).title).toBe(expected.title);
  expect(noFilesText(status).text.includes('when its export is complete')).toBe(status === 'IN_PROGRESS');
  expect(filesText({ status, counts: counts(0) })).toBe(expected.files);
  expect(filesText({ status, counts: counts(1200) })).toBe('0 of 1,200');
});

test.each([
  { status: 'FAILED', filesFailed: 0, isRetried: true },
  { status: 'COMPLETED', filesFailed: 1, isRetried: true },
  { status: 'COMPLETED', filesFailed: 0, isRetried: false },
  { status: 'CANCELLED', filesFailed: 1, isRetried: false },
  { status: 'IN_PROGRESS', filesFailed: 1, isRetried: false },
] as const)('a retry of an export that is $status with $filesFailed failed files is offered: $isRetried', (run) => {
  expect(canRetryExport({ status: run.status, counts: counts(3, run.filesFailed) })).toBe(run.isRetried);
});

test.each([
  { request: { exportType: 'Patient', resourceTypes: [] }, text: 'All patients' },
  {
    request: { exportType: 'Group', resourceTypes: ['Observation', 'Condition'], since: '2026-01-01', sinceLast: true },
    text: 'The group: Observation, Condition, since the last export',
  },
  {
    request: {
      exportType: 'Patient',
      resourceTypes: ['A', 'B', 'C', 'D', 'E'],
      since: '2026-01-01',
      typeFilters: ['A?b=c'],
    },
    text: 'All patients: A, B, C and 2 more, since a time, filtered',
  },
] as const)('a list says what an export requests: $text', ({ request, text }) => {
  expect(requestText(request as unknown as Parameters<typeof requestText>[0])).toBe(text);
});
