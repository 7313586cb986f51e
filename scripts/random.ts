export interface Random {
  /** A number from 0 to 1, without 1. */
  share(): number;
  /** A whole number from `min` to `max`, including both. */
  integer(min: number, max: number): number;
  chance(probability: number): boolean;
  pick<Value>(values: readonly Value[]): Value;
  shuffle<Value>(values: readonly Value[]): Value[];
}

/** The largest seed, because the generator's state has 32 bits. */
export const maxSeed = 2 ** 32 - 1;

/**
 * Creates a generator that returns the same numbers for the same seed (mulberry32: small, and good enough for test
 * choices).
 */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const share = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (min: number, max: number): number => min + Math.floor(share() * (max - min + 1));
  return {
    share,
    integer,
    chance: (probability) => share() < probability,
    pick(values) {
      if (values.length === 0) throw new Error('there is nothing to pick from');
      return values[integer(0, values.length - 1)] as (typeof values)[number];
    },
    shuffle: (values) =>
      values
        .map((value) => ({ value, order: share() }))
        .sort((left, right) => left.order - right.order)
        .map(({ value }) => value),
  };
}
