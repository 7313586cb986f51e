import { describe, expect, test } from '@jest/globals';
import { lacksData, noCounts, planRetry } from './bulk-export.record.ts';
import {
  type BulkExportPhase,
  bulkExportPhases,
  followers,
  isTerminal,
  phasesOf,
  publicStatus,
} from './bulk-export-phase.ts';

test('an export can fail or be cancelled in every active phase, and never leaves a terminal one', () => {
  for (const phase of bulkExportPhases) {
    const following: readonly BulkExportPhase[] = followers[phase];
    expect(following.slice(-2)).toEqual(isTerminal(phase) ? [] : ['failed', 'cancelled']);
  }
  const activePhases = bulkExportPhases.filter((phase) => !isTerminal(phase));
  expect(activePhases).toEqual(['queued', 'kicking-off', 'exporting', 'downloading', 'finalizing']);
});

test('an export passes through all phases before it is completed', () => {
  const path = bulkExportPhases.slice(0, -2);
  for (const from of path) {
    const [next] = (followers[from] as readonly BulkExportPhase[]).filter((phase) => path.includes(phase));
    expect(next).toBe(path[path.indexOf(from) + 1]);
  }
});

test('clients see IN_PROGRESS until an export ends', () => {
  expect(bulkExportPhases.map(publicStatus)).toEqual([
    ...Array(5).fill('IN_PROGRESS'),
    'COMPLETED',
    'FAILED',
    'CANCELLED',
  ]);
});

test('a filter by status selects every phase that is shown as that status', () => {
  expect(phasesOf('IN_PROGRESS')).toEqual(bulkExportPhases.slice(0, 5));
  expect(phasesOf('FAILED')).toEqual(['failed']);
});

test('an export lacks data if its record says so or, in a record of an earlier version, if a file failed', () => {
  const failed = { ...noCounts, filesFailed: 1 };
  expect(lacksData({ isPartial: true, counts: noCounts })).toBe(true);
  expect(lacksData({ isPartial: false, counts: failed })).toBe(false);
  expect(lacksData({ counts: failed })).toBe(true);
  expect(lacksData({ counts: noCounts })).toBe(false);
});

describe('planRetry #retry', () => {
  const base = { phase: 'failed' as const, counts: noCounts };
  const withFailedFile = { phase: 'completed' as const, counts: { ...noCounts, filesFailed: 1 } };
  const statusUrl = 'https://ehr.example/status/1';
  test.each([
    { name: 'a failed export that was never kicked off', record: base, phase: 'queued' },
    {
      name: 'a failed export that is still at the server',
      record: { ...base, statusUrl, error: { code: 'ehr-unauthorized' as const, message: '' } },
      phase: 'exporting',
    },
    {
      name: 'a failed export that the server no longer has',
      record: { ...base, statusUrl, error: { code: 'export-gone' as const, message: '' } },
      phase: 'queued',
    },
    ...(['export-failed-at-ehr', 'export-timeout'] as const).map((code) => ({
      name: `an export that the EHR ended with ${code}`,
      record: { ...base, statusUrl, error: { code, message: '' } },
      phase: 'queued',
    })),
    { name: 'an export that failed without an error', record: { ...base, statusUrl }, phase: 'exporting' },
    {
      name: 'a failed export with a ledger',
      record: { ...base, statusUrl, transactionTime: '2024-01-01T00:00:00Z' },
      phase: 'downloading',
    },
    {
      name: 'an export whose ledger has lost files',
      record: {
        ...base,
        statusUrl,
        transactionTime: '2024-01-01T00:00:00Z',
        error: { code: 'ledger-incomplete' as const, message: '' },
      },
      phase: 'queued',
    },
    { name: 'a completed export with failed files', record: withFailedFile, phase: 'downloading' },
    { name: 'a completed export', record: { phase: 'completed' as const, counts: noCounts }, phase: undefined },
    { name: 'a cancelled export', record: { phase: 'cancelled' as const, counts: noCounts }, phase: undefined },
    { name: 'a running export', record: { phase: 'exporting' as const, counts: noCounts }, phase: undefined },
    {
      name: 'a completed export whose failed files the EHR no longer has',
      record: { ...withFailedFile, transactionTime: '2024-01-01' },
      fileErrors: ['ehr-unavailable', 'export-gone'] as const,
      phase: 'queued',
    },
    {
      name: 'a retried export with failed files',
      record: { ...withFailedFile, retriedAt: new Date() },
      fileErrors: ['ehr-unavailable'] as const,
      phase: 'downloading',
    },
    {
      name: 'a running export with a link that a retry did not refresh',
      record: { ...withFailedFile, phase: 'downloading' as const, retriedAt: new Date() },
      fileErrors: ['link-expired'] as const,
      phase: undefined,
    },
    {
      name: 'a completed export with an expired link',
      record: { ...withFailedFile, transactionTime: '2024-01-01' },
      fileErrors: ['link-expired'] as const,
      phase: 'downloading',
    },
    {
      name: 'a completed export with a link that a retry did not refresh',
      record: { ...withFailedFile, transactionTime: '2024-01-01', retriedAt: new Date() },
      fileErrors: ['link-expired'] as const,
      phase: 'queued',
    },
    {
      name: 'a failed export whose files can no longer be distinguished',
      record: { ...base, transactionTime: '2024-01-01' },
      fileErrors: ['link-ambiguous'] as const,
      phase: 'queued',
    },
  ])('a retry of $name continues in phase $phase', ({ record, phase, fileErrors = [] }) => {
    expect(planRetry(record, fileErrors)?.to).toBe(phase);
  });
});
