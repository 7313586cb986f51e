import { expect, test } from '@jest/globals';
import { createRandom } from './random.ts';

test('createRandom makes the same choices for the same seed, and others for another seed', () => {
  const draw = (seed: number) => {
    const random = createRandom(seed);
    return [random.share(), random.integer(1, 1000), random.chance(0.5), random.shuffle([1, 2, 3, 4, 5])];
  };
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
});

test('a random whole number is between its limits and reaches both', () => {
  const random = createRandom(1);
  const drawn = new Set(Array.from({ length: 200 }, () => random.integer(3, 5)));
  expect([...drawn].sort()).toEqual([3, 4, 5]);
});
