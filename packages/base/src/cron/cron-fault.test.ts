import { expect, test } from '@jest/globals';
import { cronFault, isTimeZone } from './cron-fault.ts';

test.each([
  '0 2 * * *',
  '*/15 * * * *',
  '30 1 * * MON-FRI',
  '0 2 29 2 *',
  '0 0 L * *',
  '5 0,12 1,15 * *',
  '0 2 * * THU',
  ' 0  2 * * * ',
  '45,0 12,0 * * *',
])('the cron expression "%s" is accepted', (cron) => {
  expect(cronFault(cron)).toBeUndefined();
});

test.each([
  { cron: '', says: 'five fields' },
  { cron: '0 2 * *', says: 'five fields' },
  { cron: '0 0 2 * * *', says: 'five fields' },
  { cron: '@daily', says: 'five fields' },
  {
    cron: 'at two in the night',
    says: 'not a valid cron expression: its minute "at" must be a number from 0 to 59, or *',
  },
  { cron: '60 2 * * *', says: 'its minute "60" must be a number from 0 to 59' },
  { cron: '0 25 * * *', says: 'its hour "25" must be a number from 0 to 23' },
  { cron: '0 2 32 * *', says: 'its day of the month "32" must be a number from 1 to 31' },
  { cron: '0 2 * 13 *', says: 'its month "13" must be a number from 1 to 12' },
  { cron: '0 2 * * MONDAY', says: 'its day of the week "MONDAY" must be a number from 0 (Sunday) to 7 (Sunday)' },
  { cron: '0 2 5-1 * *', says: 'its day of the month "5-1" must be' },
  { cron: '*/0 2 * * *', says: 'its minute "*/0" must be' },
  { cron: 'H 2 * * *', says: '"H" is not supported' },
  { cron: '0 2 30 2 *', says: 'never fires' },
  { cron: '0 2 31 2,4 *', says: 'never fires' },
  { cron: '* * * * *', says: '15 minutes' },
  { cron: '*/10 2 * * *', says: '15 minutes' },
  { cron: '0,50 * * * *', says: '15 minutes' },
  { cron: '5,55 0,23 * * *', says: '15 minutes' },
  { cron: '50,0 14,13 * * *', says: '15 minutes' },
])('the cron expression "$cron" is rejected: $says', ({ cron, says }) => {
  expect(cronFault(cron)).toContain(says);
});

test.each([
  { zone: 'Europe/Berlin', is: true },
  { zone: 'UTC', is: true },
  { zone: 'Mars/Olympus', is: false },
  { zone: '+05:00', is: false },
  { zone: '', is: false },
])('isTimeZone returns $is for "$zone"', ({ zone, is }) => {
  expect(isTimeZone(zone)).toBe(is);
});
