import { expect, test } from '@jest/globals';
import type { RoundReport } from '../run-round.ts';
import { isClean, summarize } from './summarize.ts';

const clean: RoundReport = {
  round: 1,
  kind: 'kill-api',
  export: 'full',
  moment: '5 ms after the POST',
  faults: [],
  hasEnded: true,
  outcome: 'COMPLETED',
  notes: [],
  seconds: 3,
  findings: [],
  unavoidableKickOffs: 1,
};

test('the summary counts findings by kind of fault, and is clean only without any finding', () => {
  const lost = { ...clean, kind: 'flush-redis', findings: [{ verdict: 'lost', count: 4, text: '' }] } as const;
  const summary = summarize({ reports: [clean, lost], seed: 7, skipped: {} });
  expect(summary).toMatchObject({ rounds: 2, seed: 7, lost: 4, duplicated: 0, unavoidableKickOffs: 2 });
  expect(summary.byKind).toMatchObject({ 'kill-api': { rounds: 1, lost: 0 }, 'flush-redis': { rounds: 1, lost: 4 } });
  expect(isClean(summary)).toBe(false);
  expect(isClean(summarize({ reports: [clean], seed: 7, skipped: {} }))).toBe(true);
});
