import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { lacksData } from './accounting.ts';
import { noCounts, retryPhase } from './bulk-export.record.ts';
import {
  activePhases,
  type BulkExportPhase,
  bulkExportPhases,
  canFollow,
  canReopen,
  isTerminal,
  phasesOf,
  publicStatus,
} from './bulk-export-phase.ts';

describe("an export's phases", () => {
  test('every active phase can fail and be cancelled; a terminal one stays', () => {
    for (const phase of bulkExportPhases) {
      expect([canFollow(phase, 'failed'), canFollow(phase, 'cancelled')]).toEqual(Array(2).fill(!isTerminal(phase)));
    }
    expect(activePhases).toEqual(['queued', 'kicking-off', 'exporting', 'downloading', 'finalizing']);
  });

  test('no phase is skipped on the way to completed', () => {
    const way = [...activePhases, 'completed' as const];
    for (const from of way) {
      for (const to of way) expect(canFollow(from, to)).toBe(way.indexOf(to) === way.indexOf(from) + 1);
    }
  });

  test('clients see IN_PROGRESS until the end', () => {
    expect(bulkExportPhases.map(publicStatus)).toEqual([
      ...Array(5).fill('IN_PROGRESS'),
      'COMPLETED',
      'FAILED',
      'CANCELLED',
    ]);
  });
});

test('a status that clients filter by stands for each phase that is shown as it', () => {
  expect(phasesOf('IN_PROGRESS')).toEqual(activePhases);
  expect(phasesOf('FAILED')).toEqual(['failed']);
});

test('an export lacks data if it says so, and one of an earlier version if a file failed', () => {
  const failed = { ...noCounts, filesFailed: 1 };
  expect(lacksData({ isPartial: true, counts: noCounts })).toBe(true);
  expect(lacksData({ isPartial: false, counts: failed })).toBe(false);
  expect(lacksData({ counts: failed })).toBe(true);
  expect(lacksData({ counts: noCounts })).toBe(false);
});

describe('property: whatever is tried in whatever order', () => {
  const attempt = fc.record({ to: fc.constantFrom(...bulkExportPhases), isRetry: fc.boolean() });

  test('an export goes forward only, and back only by a retry from an end', () => {
    fc.assert(
      fc.property(fc.array(attempt, { maxLength: 40 }), (attempts) => {
        let phase: BulkExportPhase = 'queued';
        for (const { to, isRetry } of attempts) {
          const allowed: boolean = isRetry ? canReopen(phase, to) : canFollow(phase, to);
          if (!allowed) continue;
          const isForward = bulkExportPhases.indexOf(to) > bulkExportPhases.indexOf(phase);
          expect(isForward || (isRetry && isTerminal(phase))).toBe(true);
          if (phase === 'cancelled') throw new Error('a cancelled export was taken up again');
          phase = to;
        }
      }),
    );
  });

  test('an end is always within reach', () => {
    for (const phase of activePhases) expect(canFollow(phase, 'cancelled') && canFollow(phase, 'failed')).toBe(true);
  });
});

describe('retryPhase #retry', () => {
  const base = { phase: 'failed' as const, counts: noCounts };
  const statusUrl = 'https://ehr.example/status/1';
  test.each([
    { name: 'never kicked off', record: base, phase: 'queued' },
    {
      name: 'the export is still at the server',
      record: { ...base, statusUrl, error: { code: 'ehr-unauthorized', message: '' } },
      phase: 'exporting',
    },
    {
      name: 'the export is gone',
      record: { ...base, statusUrl, error: { code: 'export-gone', message: '' } },
      phase: 'queued',
    },
    ...['export-failed-at-ehr', 'export-timeout'].map((code) => ({
      name: `the EHR ended the export with ${code}`,
      record: { ...base, statusUrl, error: { code, message: '' } },
      phase: 'queued',
    })),
    { name: 'failed without a reason', record: { ...base, statusUrl }, phase: 'exporting' },
    {
      name: 'the ledger is there',
      record: { ...base, statusUrl, transactionTime: '2024-01-01T00:00:00Z' },
      phase: 'downloading',
    },
    {
      name: 'completed with failed files',
      record: { phase: 'completed' as const, counts: { ...noCounts, filesFailed: 1 } },
      phase: 'downloading',
    },
    { name: 'completed', record: { phase: 'completed' as const, counts: noCounts }, phase: undefined },
    { name: 'cancelled', record: { phase: 'cancelled' as const, counts: noCounts }, phase: undefined },
    { name: 'running', record: { phase: 'exporting' as const, counts: noCounts }, phase: undefined },
    {
      name: 'completed, and the EHR no longer has the failed files',
      record: { phase: 'completed' as const, counts: { ...noCounts, filesFailed: 1 }, transactionTime: '2024-01-01' },
      fileErrors: ['ehr-unavailable', 'export-gone'],
      phase: 'queued',
    },
    {
      name: 'completed with failed files after a retry',
      record: { phase: 'completed' as const, counts: { ...noCounts, filesFailed: 1 }, retriedAt: new Date() },
      fileErrors: ['ehr-unavailable'],
      phase: 'downloading',
    },
    {
      name: 'running, with a link that a retry did not mend',
      record: { phase: 'downloading' as const, counts: { ...noCounts, filesFailed: 1 }, retriedAt: new Date() },
      fileErrors: ['link-expired'],
      phase: undefined,
    },
    {
      name: 'completed with an expired link',
      record: { phase: 'completed' as const, counts: { ...noCounts, filesFailed: 1 }, transactionTime: '2024-01-01' },
      fileErrors: ['link-expired'],
      phase: 'downloading',
    },
    {
      name: 'completed with a link that a retry did not mend',
      record: {
        phase: 'completed' as const,
        counts: { ...noCounts, filesFailed: 1 },
        transactionTime: '2024-01-01',
        retriedAt: new Date(),
      },
      fileErrors: ['link-expired'],
      phase: 'queued',
    },
    {
      name: 'failed, and the files cannot be told apart any more',
      record: { ...base, transactionTime: '2024-01-01' },
      fileErrors: ['link-ambiguous'],
      phase: 'queued',
    },
  ])('$name: $phase', ({ record, phase, fileErrors = [] }) => {
    expect(retryPhase(record, fileErrors)).toBe(phase);
    if (phase) expect(canReopen(record.phase, phase as BulkExportPhase)).toBe(true);
  });
});
