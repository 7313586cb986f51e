import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { runJson } from '../run-json.fixture.ts';
import { chaosKinds } from './actions/chaos-kinds.ts';

/** With this seed, almost all faults hit exports in progress. */
const seed = 3;
const rounds = chaosKinds.length;
/** With so few patients every export is short, so outages can be short, too. */
const args = ['--seed', seed, '--rounds', rounds, '--patients', 15, '--outage-seconds', 2];

test('after each kind of fault, everything is stored once and every failure is reported #crash #two-workers #clock', async () => {
  const { result } = await runJson(join(import.meta.dirname, 'main.ts'), args);
  const zeros = { lost: 0, duplicated: 0, silent: 0, violations: 0 };
  expect(result).toMatchObject({ rounds, seed, ...zeros });
  // About a minute on two idle cores. A round may take another minute if its export is delayed.
}, 300_000);
