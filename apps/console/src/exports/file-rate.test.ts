import { expect, test } from '@jest/globals';
import { fileRate } from './output-files.ts';

const now = new Date('2026-01-01T00:00:20Z');
const file = { startedAt: '2026-01-01T00:00:10Z', bytes: 1000 };

test.each([
  { name: 'under way', progress: file, rate: 100 },
  { name: 'done', progress: { ...file, completedAt: '2026-01-01T00:00:12Z' }, rate: 500 },
  { name: 'not started', progress: { bytes: 1000 }, rate: undefined },
  { name: 'nothing yet', progress: { ...file, bytes: 0 }, rate: undefined },
])('the rate of a file that is $name', ({ progress, rate }) => {
  expect(fileRate(progress, now)).toBe(rate);
});
