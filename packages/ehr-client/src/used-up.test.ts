import { expect, test } from '@jest/globals';
import { usedUpMs } from './used-up.ts';

const now = new Date('2026-01-01T00:00:00Z');
const inAnHour = String(now.getTime() / 1000 + 3600);

test.each([
  { remaining: '0', reset: '30', ms: 30_000 },
  { remaining: ' 0 ', reset: inAnHour, ms: 3_600_000 },
  { remaining: '0', reset: 'Thu, 01 Jan 2026 00:01:00 GMT', ms: 60_000 },
  { remaining: '0', reset: 'soon', ms: undefined },
  { remaining: '0', reset: undefined, ms: undefined },
  { remaining: '1', reset: '30', ms: undefined },
  { remaining: '', reset: '30', ms: undefined },
  { remaining: undefined, reset: '30', ms: undefined },
])('$remaining remaining, reset $reset: $ms ms', ({ remaining, reset, ms }) => {
  expect(usedUpMs({ headers: { 'x-ratelimit-remaining': remaining, 'x-ratelimit-reset': reset }, now })).toBe(ms);
});
