import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { chaosKinds } from './actions/chaos-kinds.ts';

/** One whose clock-step and disk-full strike in the middle of a download. */
const seed = 3;
/** Of the few patients' exports nothing is long, so outages need not be either. */
const args = ['--json', '--seed', String(seed), '--rounds', String(chaosKinds.length), '--patients', '15'];

test('every kind of chaos once: nothing lost, nothing twice, nothing silent', async () => {
  const main = join(import.meta.dirname, 'main.ts');
  const child = spawn(process.execPath, ['--conditions=@bulkhead/source', main, ...args, '--outage-seconds', '2'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let result = '';
  let report = '';
  child.stdout.on('data', (chunk) => {
    result += chunk;
  });
  child.stderr.on('data', (chunk) => {
    report += chunk;
  });
  await once(child, 'close');
  try {
    expect(JSON.parse(result)).toMatchObject({
      rounds: chaosKinds.length,
      lost: 0,
      duplicated: 0,
      silent: 0,
      violations: 0,
      seed,
    });
  } catch (error) {
    // Which round, and what was found: the sums alone do not tell.
    console.error(report);
    throw error;
  }
  // About 65 s on two idle cores; a round may take a minute where its export is held up.
}, 300_000);
