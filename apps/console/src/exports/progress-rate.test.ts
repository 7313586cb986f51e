import { expect, test } from '@jest/globals';
import { addSample, bytesPerSecondOf } from './progress-rate.ts';

const at = (atMs: number, bytes = 0) => ({ atMs, bytes });

test('the rate of an export is that of the last 30 seconds', () => {
  const all = [at(0), at(20_000, 100), at(40_000, 2_000_100), at(50_000, 3_000_100)];
  const samples = all.reduce(addSample, [] as ReturnType<typeof addSample>);
  expect(samples).toEqual(all.slice(1));
  expect(bytesPerSecondOf(samples)).toBe(100_000);
});

test.each([
  { name: 'only one sample exists', samples: [at(0, 5)] },
  { name: 'no sample exists', samples: [] },
  { name: 'nothing moves', samples: [at(0, 5), at(10_000, 5)] },
])('the rate of an export is unknown if $name', ({ samples }) => {
  expect(bytesPerSecondOf(samples)).toBeUndefined();
});
