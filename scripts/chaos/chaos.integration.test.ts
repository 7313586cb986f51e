import { join } from 'node:path';
import { spawnTethered } from '@bulkhead/embedded';
import { expect, test } from '@jest/globals';
import { chaosKinds } from './actions/chaos-kinds.ts';

/** One whose strikes hit exports in the middle, almost all of them. */
const seed = 3;
const rounds = chaosKinds.length;
/** Of so few patients no export is long, so outages need not be either. */
const args = ['--json', '--seed', seed, '--rounds', rounds, '--patients', 15, '--outage-seconds', 2].map(String);

test('every kind of chaos once: nothing lost, nothing twice, nothing silent #crash #two-workers #clock', async () => {
  const lines: string[] = [];
  const { exited } = await spawnTethered({
    command: process.execPath,
    args: ['--conditions=@bulkhead/source', join(import.meta.dirname, 'main.ts'), ...args],
    output: { onLine: (line) => lines.push(line) },
  });
  const { code } = await exited;
  const result = lines.find((line) => line.startsWith('{')) ?? '{}';
  // Which round, and what was found: the sums alone do not tell.
  if (code !== 0) console.error(lines.join('\n'));
  const zeros = { lost: 0, duplicated: 0, silent: 0, violations: 0 };
  expect(JSON.parse(result)).toMatchObject({ rounds, seed, ...zeros });
  // About a minute on two idle cores; a round may take one more where its export is held up.
}, 300_000);
