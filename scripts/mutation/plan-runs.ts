import { basename } from 'node:path';
import type { Coverage } from './worker-process.ts';

/** The results of one test file in the run without a mutant. */
export interface CleanRun {
  readonly path: string;
  readonly durationMs: number;
  readonly coverage: Coverage;
  /** The duration in milliseconds by full name. */
  readonly tests: Readonly<Record<string, number>>;
}

export interface PlannedRun {
  readonly path: string;
  /** Undefined for every test of the file. */
  readonly testNamePattern?: string;
  readonly timeoutMs: number;
  /** How often the mutant may be reached before the code counts as an infinite loop. */
  readonly hitLimit: number;
}

/**
 * Loading modules and answers of servers are sometimes slower, so a mutant counts as hanging only after three times the
 * clean duration.
 */
const slowFactor = 3;
const slackMs = 5_000;
/** Property tests reach a mutant several times more often in one run than in another, but never a hundred times. */
const hitFactor = 100;

/**
 * Plans the tests that reach a mutant: first those in the source's own test file, then the fastest. If the plan is
 * empty, no test can kill the mutant.
 */
export function planRuns(options: {
  readonly mutantId: string;
  /** The mutated source. */
  readonly file: string;
  readonly cleanRuns: readonly CleanRun[];
}): PlannedRun[] {
  const { mutantId, file, cleanRuns } = options;
  const ownTests = `/${basename(file, '.ts')}.`;
  const isOther = ({ path }: PlannedRun) => Number(!path.includes(ownTests));
  return cleanRuns
    .flatMap((cleanRun) => planFile(mutantId, cleanRun))
    .toSorted((left, right) => isOther(left) - isOther(right) || left.timeoutMs - right.timeoutMs);
}

function planFile(mutantId: string, { path, durationMs, coverage, tests }: CleanRun): PlannedRun[] {
  const hitsOf = (reached: Readonly<Record<string, number>> = {}) => reached[mutantId] ?? 0;
  const names = Object.keys(coverage.perTest).filter((name) => hitsOf(coverage.perTest[name]) > 0);
  const hits = hitsOf(coverage.static) + sum(names.map((name) => hitsOf(coverage.perTest[name])));
  if (hits === 0) return [];
  const hitLimit = hits * hitFactor;
  // The mutant is reached outside of the tests, so each of them may depend on it.
  if (hitsOf(coverage.static) > 0) return [{ path, timeoutMs: durationMs * slowFactor + slackMs, hitLimit }];
  const allTestsMs = sum(Object.values(tests));
  const ownTestsMs = sum(names.map((name) => tests[name] ?? 0));
  return [
    {
      path,
      testNamePattern: `^(?:${names.map(escapeRegExp).join('|')})$`,
      timeoutMs: (durationMs - allTestsMs + ownTestsMs) * slowFactor + slackMs,
      hitLimit,
    },
  ];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
