import { expect, test } from '@jest/globals';
import { chaosKinds } from '../actions/chaos-kinds.ts';
import { drawPlans } from './round-plan.ts';

test('the same seed draws the same plans for any number of rounds', () => {
  const plans = drawPlans({ seed: 5, rounds: 30, kinds: chaosKinds });
  expect(drawPlans({ seed: 5, rounds: 30, kinds: chaosKinds })).toEqual(plans);
  expect(drawPlans({ seed: 6, rounds: 30, kinds: chaosKinds })).not.toEqual(plans);
  expect(new Set(plans.map(({ moment }) => JSON.stringify(moment))).size).toBeGreaterThan(20);
});

test('every kind of fault is drawn once before any is drawn again', () => {
  const plans = drawPlans({ seed: 1, rounds: chaosKinds.length, kinds: chaosKinds });
  expect(plans.map(({ kind }) => kind).sort()).toEqual([...chaosKinds].sort());
});

test('full and incremental exports alternate, and only incremental ones come with deletions', () => {
  const plans = drawPlans({ seed: 1, rounds: 20, kinds: chaosKinds });
  expect(plans.map(({ isIncremental }) => isIncremental).slice(0, 4)).toEqual([false, true, false, true]);
  const deleting = plans.filter(({ changes }) => changes.some(({ what }) => what === 'delete'));
  expect(deleting.length).toBeGreaterThan(0);
  expect(deleting.every(({ isIncremental }) => isIncremental)).toBe(true);
});
