import { join } from 'node:path';
import { spawnTethered } from '@bulkhead/embedded';
import { expect, test } from '@jest/globals';

/**
 * The rounds are always the same, because a newly found fault must not fail an unrelated change. Long runs with other
 * seeds look for new faults.
 */
const args = ['--json', '--rounds', '25', '--seed', '1'];

test('at a server with unexpected behaviour, exports and syncs end, send a bounded number of requests and report every loss', async () => {
  const lines: string[] = [];
  const { exited } = await spawnTethered({
    command: process.execPath,
    args: ['--conditions=@bulkhead/source', join(import.meta.dirname, 'main.ts'), ...args],
    output: { onLine: (line) => lines.push(line) },
  });
  const { code } = await exited;
  if (code !== 0) console.error(lines.join('\n'));
  const result = lines.findLast((line) => line.startsWith('{')) ?? '{}';
  expect(JSON.parse(result)).toEqual({ rounds: 25, silent: 0, unbounded: 0, stuck: 0 });
}, 600_000);
