import { expect, test } from '@jest/globals';
import type { BulkExport } from '../api/api.ts';
import { stepsOf } from './phase-steps.ts';

type Phase = BulkExport['phase'];

const second = (count: number) => new Date(Date.UTC(2026, 0, 1) + count * 1000);
/** One phase every ten seconds. */
const way = (...phases: Phase[]) => phases.map((phase, index) => ({ phase, at: second(index * 10).toISOString() }));
const states = (timeline: ReturnType<typeof way>, now = second(100)) =>
  stepsOf({ phase: timeline.at(-1)?.phase ?? 'queued', timeline }, now).map(({ state }) => state);

test('the progress of an export shows the finished phases with their durations, the current one and those ahead', () => {
  const timeline = way('queued', 'kicking-off', 'exporting');
  expect(stepsOf({ phase: 'exporting', timeline }, second(25))).toEqual([
    expect.objectContaining({ phase: 'queued', state: 'done', tookMs: 10_000 }),
    expect.objectContaining({ phase: 'kicking-off', state: 'done', tookMs: 10_000 }),
    expect.objectContaining({ phase: 'exporting', state: 'now', tookMs: 5000 }),
    { phase: 'downloading', label: 'Downloading', state: 'ahead', text: 'storing files' },
    { phase: 'finalizing', label: 'Finalizing', state: 'ahead', text: 'deletions and totals' },
  ]);
});

test('the progress of an export shows every phase as done after the export has completed', () => {
  const whole = way('queued', 'kicking-off', 'exporting', 'downloading', 'finalizing', 'completed');
  expect(states(whole)).toEqual(Array(5).fill('done'));
});

test.each(['failed', 'cancelled'] as const)(
  'the progress of an export shows the phase before as the last one of an export that is %s',
  (end) => {
    expect(states(way('queued', 'kicking-off', 'exporting', end))).toEqual([
      'done',
      'done',
      'ended-here',
      'ahead',
      'ahead',
    ]);
  },
);

test('the progress of an export counts only the phases since a retry, and shows no duration for phases that it skipped', () => {
  const timeline = way('queued', 'kicking-off', 'exporting', 'downloading', 'failed', 'downloading');
  const steps = stepsOf({ phase: 'downloading', timeline }, second(55));
  expect(steps.map(({ state, tookMs }) => [state, tookMs])).toEqual([
    ['done', undefined],
    ['done', undefined],
    ['done', undefined],
    ['now', 5000],
    ['ahead', undefined],
  ]);
});

test('the progress of an export shows the current phase of a record without a timeline', () => {
  expect(stepsOf({ phase: 'downloading', timeline: [] }, second(0)).map(({ state }) => state)).toEqual([
    'done',
    'done',
    'done',
    'now',
    'ahead',
  ]);
});

test('a phase that has ended, or that an ended export will not reach, does not say what happens in it', () => {
  const textsOf = (...phases: Phase[]) => {
    const timeline = way(...phases);
    return stepsOf({ phase: phases.at(-1) ?? 'queued', timeline }, second(100)).map(({ text }) => text);
  };
  expect(textsOf('queued', 'failed')).toEqual(Array(5).fill(undefined));
  expect(textsOf('queued', 'kicking-off')[0]).toBe(undefined);
  expect(textsOf('queued', 'kicking-off')[1]).toBe('kick-off at the EHR');
});
