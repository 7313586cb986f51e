/** The goal of a row: for its value, or for its ratio to the floor. Without a bound the row is only shown. */
export interface Goal {
  readonly of: 'value' | 'ratio';
  readonly atLeast?: number;
  readonly atMost?: number;
}

interface Judged {
  readonly value: number;
  readonly ratio?: number;
  readonly goal: Goal;
}

export function isMet({ value, ratio = Number.NaN, goal }: Judged): boolean {
  const { of, atLeast, atMost } = goal;
  const compared = of === 'value' ? value : ratio;
  return (atLeast === undefined || compared >= atLeast) && (atMost === undefined || compared <= atMost);
}

export function describeGoal({ of, atLeast, atMost }: Goal): string {
  const bound = atLeast === undefined ? (atMost === undefined ? '' : `≤ ${atMost}`) : `≥ ${atLeast}`;
  return of === 'ratio' && bound !== '' ? `${bound} ×` : bound;
}
