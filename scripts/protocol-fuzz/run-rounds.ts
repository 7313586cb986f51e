import fc from 'fast-check';
import { type Round, round } from './round.arbitrary.ts';
import { type Finding, runRound } from './run-round.ts';
import type { FuzzedSystem, Slot } from './start-fuzzed-system.ts';

/** The numbers of rounds. All except `rounds` must be 0. */
export interface Summary {
  readonly rounds: number;
  readonly silent: number;
  readonly unbounded: number;
  readonly stuck: number;
}

/** Each round has its own seed, so that it can be run again alone: `--seed <seed> --rounds 1`. */
export interface FailedRound {
  readonly seed: number;
  readonly findings: readonly Finding[];
  /** The smallest round that still has a finding, and its findings below. */
  readonly smallest: Round;
  readonly smallestFindings: readonly Finding[];
}

/** Long enough to isolate the few relevant behaviours. Every attempt is a whole round. */
const maxShrinkMs = 180_000;

/** Runs as many rounds at a time as there are slots, and shrinks those with a finding. */
export async function runRounds(options: {
  readonly system: FuzzedSystem;
  readonly rounds: number;
  readonly seed: number;
  readonly onFailure: (failed: FailedRound) => void;
  readonly onProgress: (done: number) => void;
}): Promise<Summary> {
  const { system, rounds, seed, onFailure, onProgress } = options;
  const failures: FailedRound[] = [];
  let next = 0;
  let completedRounds = 0;
  const work = async (slot: Slot): Promise<void> => {
    while (next < rounds) {
      const failed = await tryRound({ system, slot, seed: seed + next++ });
      completedRounds += 1;
      onProgress(completedRounds);
      if (!failed) continue;
      failures.push(failed);
      onFailure(failed);
    }
  };
  await Promise.all(system.slots.map(work));
  const count = (kind: Finding['kind']) =>
    failures.filter(({ findings }) => findings.some((finding) => finding.kind === kind)).length;
  return { rounds, silent: count('silent'), unbounded: count('unbounded'), stuck: count('stuck') };
}

async function tryRound(options: {
  readonly system: FuzzedSystem;
  readonly slot: Slot;
  readonly seed: number;
}): Promise<FailedRound | undefined> {
  const { system, slot, seed } = options;
  const tried: { round: Round; findings: Finding[] }[] = [];
  let shrinksUntil = Number.POSITIVE_INFINITY;
  const property = fc.asyncProperty(round, async (generated) => {
    if (performance.now() > shrinksUntil) return true;
    const findings = await runRound(system, slot, generated);
    if (findings.length === 0) return true;
    if (tried.length === 0) shrinksUntil = performance.now() + maxShrinkMs;
    tried.push({ round: generated, findings });
    return false;
  });
  const result = await fc.check(property, { seed, numRuns: 1, unbiased: true });
  // A round that could not run proves nothing.
  if (result.errorInstance && tried.length === 0) throw result.errorInstance;
  const [first, last] = [tried[0], tried.at(-1)];
  if (!first || !last) return undefined;
  return { seed, findings: first.findings, smallest: last.round, smallestFindings: last.findings };
}
