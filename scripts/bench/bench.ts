/** The inputs of a bench. */
export interface BenchContext {
  readonly redisUrl: string;
  readonly mongodbUrl: string;
  /** The folder for data and logs. It is deleted after the benches. */
  readonly folder: string;
  /** The number of interleaved measurements of a subject and its floor. Their medians count. */
  readonly runs: number;
  /** `short` fits into CI, `usual` takes up to ten minutes, `full` measures everything. */
  readonly size: 'short' | 'usual' | 'full';
  /** How many resources `peers` imports. Default: 20,000. */
  readonly resources?: number | undefined;
  readonly print: (text: string) => void;
}

/** A measurement of `pnpm bench`. */
export interface Bench {
  readonly name: string;
  /** What is measured, and against which floor. */
  readonly about: string;
  /** The duration on two cores. */
  readonly minutes: number;
  run(context: BenchContext): Promise<BenchRow[]>;
}

/** A row of the table. */
export interface BenchRow {
  readonly name: string;
  readonly value: number;
  /** The result of the minimum of necessary work in the same run. */
  readonly floor?: number;
  readonly ratio?: number;
  readonly unit: string;
  readonly goal: Goal;
  readonly runs: readonly { readonly value: number; readonly floor?: number }[];
}

/** The goal of a row: for its value, or for its ratio to the floor. Without a bound the row is only shown. */
interface Goal {
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
