import { describe, expect, test } from '@jest/globals';
import { activePhases, bulkExportPhases, canFollow, isTerminal, publicStatus } from './bulk-export-phase.ts';

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
