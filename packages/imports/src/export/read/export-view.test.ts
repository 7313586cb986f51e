import { describe, expect, test } from '@jest/globals';
import { emptyCheckpoint } from '../output-file.record.ts';
import { makeBulkExport, makeOutputFile } from '../testing/make-records.ts';
import { toFileView, toStatusView } from './export-view.ts';

const at = new Date('2024-01-01T00:00:00Z');
const retrying = { state: 'waiting', code: 'ehr-throttled', message: 'Wait.', attempts: 2, since: at } as const;

test.each(['kicking-off', 'downloading', 'finalizing'] as const)(
  'the status of an export in the phase %s has no progress, because the EHR writes no files',
  (phase) => {
    const record = makeBulkExport({ phase, progress: 'in progress: 76 %' });
    expect(toStatusView({ record, isOperator: true }).progress).toBeUndefined();
  },
);

test('the status of an ended export has no progress and no retry', () => {
  const running = makeBulkExport({ phase: 'exporting', progress: '50% complete', retrying });
  expect(toStatusView({ record: running, isOperator: true })).toMatchObject({
    progress: '50% complete',
    retrying: { state: 'waiting', attempts: 2, since: at.toISOString() },
  });
  const ended = toStatusView({ record: { ...running, phase: 'completed' }, isOperator: false });
  expect([ended.progress, ended.retrying]).toEqual([undefined, undefined]);
});

test('the status of an export has output URLs only if the ledger is given', () => {
  const record = makeBulkExport({ phase: 'completed' });
  expect(toStatusView({ record, isOperator: false })).not.toHaveProperty('outputUrls');
  expect(toStatusView({ record, files: [], isOperator: false }).outputUrls).toEqual([]);
});

test.each([
  { isPartial: true, filesFailed: 0, partial: true },
  { isPartial: false, filesFailed: 0, partial: false },
  { isPartial: undefined, filesFailed: 1, partial: true },
  { isPartial: false, filesFailed: 0, quarantined: 1, partial: true },
])(
  'the status of an export has partial: $partial if the record has isPartial: $isPartial, $filesFailed failed files and $quarantined lines in the quarantine',
  ({ isPartial, filesFailed, quarantined = 0, partial }) => {
    const { counts } = makeBulkExport({});
    const change = { phase: 'completed' as const, counts: { ...counts, filesFailed, quarantined } };
    const record = makeBulkExport(isPartial === undefined ? change : { ...change, isPartial });
    expect(toStatusView({ record, isOperator: false }).partial).toBe(partial);
  },
);

test('the status of an export says for each type whether its watermark advanced, and why not', () => {
  const watermarkDecisions = [
    { resourceType: 'Patient', reasons: [] },
    { resourceType: 'Goal', reasons: ['errors-reported' as const] },
  ];
  const record = makeBulkExport({ phase: 'completed', watermarkDecisions });
  expect(toStatusView({ record, isOperator: false }).watermarks).toEqual([
    { resourceType: 'Patient', advanced: true, reasons: [] },
    {
      resourceType: 'Goal',
      advanced: false,
      reasons: [{ code: 'errors-reported', message: expect.stringContaining('errors') }],
    },
  ]);
});

test.each([
  { progress: 'in progress: 45% complete', shown: '45%' },
  { progress: '12.5 % of Jane Doe', shown: '12.5 %' },
  { progress: 'Exporting Jane Doe', shown: undefined },
])('a client sees only the percentage of the progress "$progress": $shown', ({ progress, shown }) => {
  const record = makeBulkExport({ phase: 'exporting', progress });
  expect(toStatusView({ record, isOperator: false }).progress).toBe(shown);
  expect(toStatusView({ record, isOperator: true }).progress).toBe(progress);
});

describe('a link that opens a file without a token', () => {
  const record = makeBulkExport({ phase: 'completed' });
  const url = 'https://user:word@files.example/a.ndjson?X-Amz-Signature=planted#x';
  const signed = makeOutputFile({ url, requiresAccessToken: false });

  test('a link that opens a file without a token is shown without its query and user name', () => {
    expect(toFileView(signed, { isOperator: true }).url).toBe('https://files.example/a.ndjson');
    expect(toStatusView({ record, files: [signed], isOperator: true }).outputUrls).toEqual([
      'https://files.example/a.ndjson',
    ]);
  });

  test('a link that opens a file without a token is shown whole on request', () => {
    const reader = { isOperator: false, withSignedUrls: true };
    expect(toFileView(signed, reader).url).toBe(url);
    expect(toStatusView({ record, files: [signed], ...reader }).outputUrls).toEqual([url]);
  });

  test('a link that needs a token is always shown whole', () => {
    const file = makeOutputFile({ url: 'https://ehr.example/file?id=1' });
    expect(toFileView(file, { isOperator: false }).url).toBe(file.url);
  });
});

describe('text that an EHR sent', () => {
  const ehrText = 'Planted';
  const error = { code: 'internal' as const, message: 'Ours.', ehrText };
  const issues = [{ severity: 'error', code: 'exception', count: 1, ehrText }];
  const record = makeBulkExport({ phase: 'failed', error });
  const file = makeOutputFile({
    state: 'failed',
    error,
    retrying: { ...retrying, ehrText },
    checkpoint: { ...emptyCheckpoint, issues },
  });

  test('text that an EHR sent is shown to operators', () => {
    const status = toStatusView({ record, issues, isOperator: true });
    expect([status.ehrText, status.issues[0]?.ehrText]).toEqual([ehrText, ehrText]);
    const view = toFileView(file, { isOperator: true });
    expect([view.error?.ehrText, view.retrying?.ehrText, view.issues[0]?.ehrText]).toEqual(Array(3).fill(ehrText));
  });

  test('text that an EHR sent is not shown to clients', () => {
    const views = [toStatusView({ record, issues, isOperator: false }), toFileView(file, { isOperator: false })];
    expect(JSON.stringify(views)).not.toContain(ehrText);
  });
});
