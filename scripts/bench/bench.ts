import type { Goal } from './report/goal.ts';

/** What a bench is given to measure with. */
export interface BenchContext {
  readonly redisUrl: string;
  readonly mongodbUrl: string;
  /** For data and logs; gone when the benches are over. */
  readonly folder: string;
  /** Interleaved measurements of a thing and its floor, of which the medians count. */
  readonly runs: number;
  /** Small enough for CI; what takes up to ten minutes; everything. */
  readonly size: 'short' | 'usual' | 'full';
  readonly say: (text: string) => void;
}

/** One of the things that `pnpm bench` can measure. */
export interface Bench {
  readonly name: string;
  /** What is measured, against which floor. */
  readonly about: string;
  /** On two cores. */
  readonly minutes: number;
  run(context: BenchContext): Promise<BenchRow[]>;
}

/** A line of the table. */
export interface BenchRow {
  readonly name: string;
  readonly value: number;
  /** What the least that must be done reached in the same run. */
  readonly floor?: number;
  readonly ratio?: number;
  readonly unit: string;
  readonly goal: Goal;
  readonly runs: readonly { readonly value: number; readonly floor?: number }[];
}
