import { expect, test } from '@jest/globals';
import { formatInstant, formatRelative, fromLocalInput, toLocalInput } from './times.ts';

const now = new Date('2026-05-01T12:00:00Z');
const after = (ms: number) => new Date(now.getTime() + ms).toISOString();
const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

test.each([
  { ms: 0, text: 'just now' },
  { ms: -44_000, text: 'just now' },
  { ms: 30_000, text: 'in a moment' },
  { ms: -45_000, text: '1 min ago' },
  { ms: 5 * minuteMs, text: 'in 5 min' },
  { ms: -100 * minuteMs, text: '2 h ago' },
  { ms: -47 * 60 * minuteMs, text: '47 h ago' },
  { ms: 3 * dayMs, text: 'in 3 days' },
  { ms: -29 * dayMs, text: '29 days ago' },
  { ms: -30 * dayMs, text: undefined },
])('a time that is $ms ms away is "$text"', ({ ms, text }) => {
  expect(formatRelative(after(ms), now)).toBe(text);
});

test.each([
  { timeZone: 'UTC', text: 'May 1, 2026, 12:00:00 UTC' },
  { timeZone: 'America/New_York', text: 'May 1, 2026, 08:00:00 EDT' },
  // A zone that this browser does not know is shown in the zone of the browser.
  { timeZone: 'Mars/Olympus', text: formatInstant(now.toISOString()) },
])('a time in $timeZone has the zone', ({ timeZone, text }) => {
  expect(formatInstant(now.toISOString(), timeZone)).toBe(text);
});

test('a field of local time shows the minute of an instant, and gives the instant back', () => {
  expect(fromLocalInput(toLocalInput(now.toISOString()))).toBe(now.toISOString());
  expect([toLocalInput(undefined), toLocalInput('nonsense'), fromLocalInput('')]).toEqual(['', '', undefined]);
});
