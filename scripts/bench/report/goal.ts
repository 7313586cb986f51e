/** What a line is to reach: by its value, or by its ratio to the floor. Without a bound it is only shown. */
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
  const judged = of === 'value' ? value : ratio;
  return (atLeast === undefined || judged >= atLeast) && (atMost === undefined || judged <= atMost);
}

export function describeGoal({ of, atLeast, atMost }: Goal): string {
  const bound = atLeast === undefined ? (atMost === undefined ? '' : `≤ ${atMost}`) : `≥ ${atLeast}`;
  return of === 'ratio' && bound !== '' ? `${bound} ×` : bound;
}
