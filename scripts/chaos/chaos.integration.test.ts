import { join } from 'node:path';
import { spawnTethered } from '@bulkhead/embedded';
import { expect, test } from '@jest/globals';
import { chaosKinds } from './actions/chaos-kinds.ts';

/** With this seed, almost all faults hit exports in progress. */
const seed = 3;
const rounds = chaosKinds.length;
/** With so few patients every export is short, so outages can be short, too. */
const args = ['--json', '--seed', seed, '--rounds', rounds, '--patients', 15, '--outage-seconds', 2].map(String);

test('after each kind of fault, everything is stored once and every failure is reported #crash #two-workers #clock', async () => {
  const lines: string[] = [];
  const { exited } = await spawnTethered({
    command: process.execPath,
    args: ['--conditions=@bulkhead/source', join(import.meta.dirname, 'main.ts'), ...args],
    output: { onLine: (line) => lines.push(line) },
  });
  const { code } = await exited;
  const result = lines.find((line) => line.startsWith('{')) ?? '{}';
  // Shows the round and its findings. The totals alone do not.
  if (code !== 0) console.error(lines.join('\n'));
  const zeros = { lost: 0, duplicated: 0, silent: 0, violations: 0 };
  expect(JSON.parse(result)).toMatchObject({ rounds, seed, ...zeros });
  // About a minute on two idle cores. A round may take another minute if its export is delayed.
}, 300_000);
