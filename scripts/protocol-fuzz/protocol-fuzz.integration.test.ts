import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { runJson } from '../run-json.fixture.ts';

/**
 * The rounds are always the same, because a newly found fault must not fail an unrelated change. Long runs with other
 * seeds look for new faults. In round 3503 a full export sets an attachment back, and in round 119 a sync reads from a clock that is ahead what is
 * deleted afterwards. Both are rare.
 */
const runs = [
  { seed: 3497, rounds: 12, kinds: [] },
  { seed: 119, rounds: 1, kinds: ['--kind', 'history'] },
  { seed: 70, rounds: 12, kinds: ['--kind', 'members'] },
];

test.each(runs)(
  'at a server with unexpected behaviour, and while its data, its clock and our processes go wrong, exports and syncs end, report every loss, and nothing erased is stored, from seed $seed',
  async ({ seed, rounds, kinds }) => {
    const args = ['--rounds', rounds, '--seed', seed, ...kinds];
    const { result } = await runJson(join(import.meta.dirname, 'main.ts'), args);
    expect(result).toEqual({ rounds, silent: 0, unbounded: 0, stuck: 0, erased: 0 });
  },
  600_000,
);
