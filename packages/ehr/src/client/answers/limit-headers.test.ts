import { expect, test } from '@jest/globals';
import type { AxiosResponse } from 'axios';
import { limitHeadersOf, statedDayLimit, usedUpMs } from './limit-headers.ts';

const read = (headers: Readonly<Record<string, unknown>>) => limitHeadersOf({ headers } as unknown as AxiosResponse);

test('limitHeadersOf reads numbers', () => {
  const headers = {
    'retry-after': '30',
    'x-ratelimit-limit': '100',
    'x-ratelimit-remaining': ' 0 ',
    'x-ratelimit-reset': '1767225600000',
  };
  expect(read(headers)).toEqual({
    retryAfterSeconds: 30,
    rateLimitLimit: 100,
    rateLimitRemaining: 0,
    rateLimitReset: 1_767_225_600_000,
  });
});

test.each([
  { reset: 'Thu, 01 Jan 2026 00:01:00 GMT', expected: '2026-01-01T00:01:00.000Z' },
  { reset: '2026-01-01T01:01:00+01:00', expected: '2026-01-01T00:01:00.000Z' },
])('limitHeadersOf converts the date $reset to $expected', ({ reset, expected }) => {
  expect(read({ 'x-ratelimit-reset': reset })).toEqual({ rateLimitReset: expected });
});

test.each([
  { value: 'Jane Doe 1' },
  { value: '12345678901234' },
  { value: '100;w=60' },
  { value: '-1' },
  { value: 'Xyz, 99 Abc 2026 00:01:00 GMT' },
  { value: '' },
  { value: ['1', '2'] },
])('limitHeadersOf leaves out the value $value', ({ value }) => {
  const headers = { 'x-ratelimit-limit': value, 'x-ratelimit-remaining': value, 'x-ratelimit-reset': value };
  expect(read(headers)).toEqual({});
});

test('limitHeadersOf returns nothing without an answer', () => {
  expect(limitHeadersOf(undefined)).toEqual({});
});

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
])('usedUpMs returns $ms for $remaining remaining requests and the reset $reset', ({ remaining, reset, ms }) => {
  expect(usedUpMs({ 'x-ratelimit-remaining': remaining, 'x-ratelimit-reset': reset }, now)).toBe(ms);
});

test.each([
  { what: 'a name of a day', headers: { 'x-ratelimit-limit-day': '50000' }, limit: 50_000 },
  { what: 'a name of a day in other words', headers: { 'X-Daily-Quota-Limit': ' 50000 ' }, limit: 50_000 },
  { what: 'what is left of a day', headers: { 'x-daily-limit-remaining': '49999' }, limit: undefined },
  {
    what: 'a counter that is reset at midnight',
    headers: { 'x-ratelimit-limit': '50000', 'x-ratelimit-reset': '36000' },
    limit: 50_000,
  },
  { what: 'a counter of a window', headers: { 'x-ratelimit-limit': '16', 'x-ratelimit-reset': '2' }, limit: undefined },
  { what: 'a counter without a reset', headers: { 'x-ratelimit-limit': '16' }, limit: undefined },
  { what: 'nought', headers: { 'x-day-limit': '0' }, limit: undefined },
  { what: 'text', headers: { 'x-day-limit': 'Jane Doe' }, limit: undefined },
  { what: 'a list', headers: { 'x-day-limit': ['1', '2'] as never }, limit: undefined },
  { what: 'no headers', headers: {}, limit: undefined },
])('statedDayLimit returns $limit for $what', ({ headers, limit }) => {
  expect(statedDayLimit(headers, now)).toBe(limit);
});
