import { expect, test } from '@jest/globals';
import { readDateRange } from './date-range.ts';

test.each([
  { text: '2024', start: '2024-01-01T00:00:00.000Z', end: '2024-12-31T23:59:59.999Z' },
  { text: '2024-02', start: '2024-02-01T00:00:00.000Z', end: '2024-02-29T23:59:59.999Z' },
  { text: '2023-12', start: '2023-12-01T00:00:00.000Z', end: '2023-12-31T23:59:59.999Z' },
  { text: '2013-01-14', start: '2013-01-14T00:00:00.000Z', end: '2013-01-14T23:59:59.999Z' },
  { text: '2013-01-14T10:00', start: '2013-01-14T10:00:00.000Z', end: '2013-01-14T10:00:59.999Z' },
  { text: '2013-01-14T23:59Z', start: '2013-01-14T23:59:00.000Z', end: '2013-01-14T23:59:59.999Z' },
  { text: '2013-01-14T10:00:00Z', start: '2013-01-14T10:00:00.000Z', end: '2013-01-14T10:00:00.999Z' },
  { text: '2011-04-20T16:00:52-04:00', start: '2011-04-20T20:00:52.000Z', end: '2011-04-20T20:00:52.999Z' },
  { text: '2024-01-01T00:00:00.5+05:30', start: '2023-12-31T18:30:00.500Z', end: '2023-12-31T18:30:00.500Z' },
  { text: '2011-04-20T16:00:52.762123Z', start: '2011-04-20T16:00:52.762Z', end: '2011-04-20T16:00:52.762Z' },
  // A leap second is the end of its minute, so that it stays in its day and no instant is before an earlier one.
  { text: '2016-12-31T23:59:60Z', start: '2016-12-31T23:59:59.999Z', end: '2016-12-31T23:59:59.999Z' },
  { text: '2016-12-31T18:59:60.5-05:00', start: '2016-12-31T23:59:59.999Z', end: '2016-12-31T23:59:59.999Z' },
  { text: '0001', start: '0001-01-01T00:00:00.000Z', end: '0001-12-31T23:59:59.999Z' },
  { text: '9999-12-31', start: '9999-12-31T00:00:00.000Z', end: '9999-12-31T23:59:59.999Z' },
])('readDateRange reads the first and last instant of $text', ({ text, start, end }) => {
  const range = readDateRange(text);
  expect([range?.start.toISOString(), range?.end.toISOString()]).toEqual([start, end]);
});

test.each([
  ...[
    '',
    '24',
    '0000',
    '2024-00',
    '2024-13',
    '2024-1',
    '2023-02-29',
    '2024-04-31',
    '2024-01-01T10',
    '2024-01-01T24:00',
  ],
  ...[
    '2024-01-01T10:60',
    '2024-01-01T10:00:61Z',
    '2024-01-01 10:00',
    '2024-01-01T10:00:00+15:00',
    '2024-01-01Z',
    'x2024',
  ],
])('readDateRange rejects %j', (text) => {
  expect(readDateRange(text)).toBeUndefined();
});
