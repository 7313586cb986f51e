import { expect, test } from '@jest/globals';
import { cronWords } from './cron-words.ts';

test.each([
  { cron: '0 2 * * *', words: 'At 02:00, every day, America/New_York' },
  { cron: '30 4 * * 1-5', words: 'At 04:30, Monday through Friday, America/New_York' },
  { cron: '*/15 * * * *', words: 'Every 15 minutes, every hour, every day, America/New_York' },
  { cron: 'soon', words: undefined },
])('the words of $cron are "$words"', ({ cron, words }) => {
  expect(cronWords({ cron, timeZone: 'America/New_York' })).toBe(words);
});
