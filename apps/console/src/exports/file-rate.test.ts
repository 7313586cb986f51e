import { expect, test } from '@jest/globals';
import { fileRate } from './output-files.ts';

const now = new Date('2026-01-01T00:00:20Z');
const file = {
  state: 'downloading',
  startedAt: '2026-01-01T00:00:10Z',
  bytes: 1000,
  lines: 10,
  promisedCount: 30,
} as const;

test.each([
  { name: 'under way', progress: file, rate: { bytesPerSecond: 100, leftMs: 20_000 } },
  { name: 'without a promised count', progress: { ...file, promisedCount: undefined }, rate: { bytesPerSecond: 100 } },
  {
    name: 'done',
    progress: { ...file, state: 'completed', completedAt: '2026-01-01T00:00:12Z', lines: 30 } as const,
    rate: { bytesPerSecond: 500 },
  },
  { name: 'not started', progress: { ...file, startedAt: undefined }, rate: {} },
  { name: 'nothing yet', progress: { ...file, bytes: 0 }, rate: {} },
])('the rate of a file that is $name', ({ progress, rate }) => {
  expect(fileRate(progress, now)).toEqual(rate);
});
