import { expect, test } from '@jest/globals';
import { addSample, progressRate } from './progress-rate.ts';

const at = (atMs: number, bytes = 0, done = 0) => ({ atMs, bytes, done });

test('the rate of an export is that of the last 30 seconds and gives the time left', () => {
  const all = [at(0), at(20_000, 100, 1), at(40_000, 2_000_100, 201), at(50_000, 3_000_100, 301)];
  const samples = all.reduce(addSample, [] as ReturnType<typeof addSample>);
  expect(samples).toEqual(all.slice(1));
  expect(progressRate(samples, 901)).toEqual({ bytesPerSecond: 100_000, leftMs: 60_000 });
});

test.each([
  { name: 'only one sample exists', samples: [at(0, 5, 5)] },
  { name: 'no sample exists', samples: [] },
  { name: 'nothing moves', samples: [at(0, 5, 5), at(10_000, 5, 5)] },
])('the rate of an export is unknown if $name', ({ samples }) => {
  expect(progressRate(samples, 10)).toEqual({});
});

test('no time is left if everything is done', () => {
  expect(progressRate([at(0), at(1000, 1, 10)], 10)).toEqual({ bytesPerSecond: 1 });
});
