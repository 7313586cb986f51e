import { expect, test } from '@jest/globals';
import { activityText } from './activity-text.ts';

const now = new Date('2024-05-01T10:00:00Z');
const message = 'Waiting for the EHR.';

test('the activity of an export says when the next request is due and how long exports usually take', () => {
  const activity = { message, until: '2024-05-01T10:00:22Z', usualSeconds: 11_400 };
  expect(activityText({ activity, runs: 'Exports', now })).toBe(
    'Waiting for the EHR. Next request in 22 s. Exports of this connection usually take 3 h 10 min.',
  );
});

test('the activity of a sync leaves out what is unknown or over', () => {
  const over = { message, until: '2024-05-01T09:59:59Z' };
  expect(activityText({ activity: { message }, runs: 'Syncs', now })).toBe(message);
  expect(activityText({ activity: over, runs: 'Syncs', now })).toBe(message);
});

test('the usual time is left out beside an estimate of the time left', () => {
  const activity = { message, usualSeconds: 260, leftSeconds: 780 };
  expect(activityText({ activity, runs: 'Exports', now })).toBe(message);
});
