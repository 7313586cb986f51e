import fc from 'fast-check';
import { findTraces, hasIdOf } from './history/find-traces.ts';
import type { RoundKind } from './options.ts';
import type { Finding } from './practice.ts';
import { roundKinds } from './round-kinds.ts';
import type { FuzzedSystem, Slot } from './start-fuzzed-system.ts';

/** The numbers of rounds. All except `rounds` must be 0. */
export interface Summary {
  readonly rounds: number;
  readonly silent: number;
  readonly unbounded: number;
  readonly stuck: number;
  readonly erased: number;
}

/** Each round has its own seed, so that it can be run again alone: `--seed <seed> --rounds 1`. */
export interface FailedRound {
  readonly seed: number;
  readonly kind: RoundKind;
  readonly findings: readonly Finding[];
  /** What matters of the smallest round that still has a finding, and its findings below. */
  readonly smallest: object;
  readonly smallestFindings: readonly Finding[];
}

/** Long enough to isolate the few relevant behaviours. Every attempt is a whole round. */
const maxShrinkMs = 180_000;

/** Runs as many rounds at a time as there are slots, and shrinks those with a finding. */
export async function runRounds(options: {
  readonly system: FuzzedSystem;
  readonly rounds: number;
  readonly seed: number;
  /** Undefined: both, one after the other. */
  readonly kind: RoundKind | undefined;
  readonly onFailure: (failed: FailedRound) => void;
  readonly onProgress: (done: number) => void;
  /** Called in the end with what was stored again after the round that erased it. */
  readonly onLate: (traces: readonly string[]) => void;
}): Promise<Summary> {
  const { system, rounds, seed, kind, onFailure, onProgress, onLate } = options;
  const failures: FailedRound[] = [];
  let next = 0;
  let completedRounds = 0;
  const work = async (slot: Slot): Promise<void> => {
    while (next < rounds) {
      const ofRound = seed + next++;
      const failed = await tryRound({ system, slot, seed: ofRound, kind: kind ?? kindOf(ofRound) });
      completedRounds += 1;
      onProgress(completedRounds);
      if (!failed) continue;
      failures.push(failed);
      onFailure(failed);
    }
  };
  await Promise.all(system.slots.map(work));
  const late = await findTraces(system.database, hasIdOf(system.erased));
  if (late.length > 0) onLate(late);
  const count = (found: Finding['kind']) =>
    failures.filter(({ findings }) => findings.some((finding) => finding.kind === found)).length;
  const [silent, unbounded, stuck] = [count('silent'), count('unbounded'), count('stuck')];
  return { rounds, silent, unbounded, stuck, erased: count('erased') + Math.sign(late.length) };
}

/** A seed alone must be enough to run its round again. */
function kindOf(seed: number): RoundKind {
  return seed % 2 === 0 ? 'protocol' : 'history';
}

async function tryRound(options: {
  readonly system: FuzzedSystem;
  readonly slot: Slot;
  readonly seed: number;
  readonly kind: RoundKind;
}): Promise<FailedRound | undefined> {
  const { system, slot, seed, kind } = options;
  const { plan, run, describe } = roundKinds[kind];
  const tried: { plan: unknown; findings: Finding[] }[] = [];
  let shrinksUntil = Number.POSITIVE_INFINITY;
  const property = fc.asyncProperty(plan, async (generated) => {
    if (performance.now() > shrinksUntil) return true;
    const findings = await run(system, slot, generated);
    if (findings.length === 0) return true;
    if (tried.length === 0) shrinksUntil = performance.now() + maxShrinkMs;
    tried.push({ plan: generated, findings });
    return false;
  });
  const result = await fc.check(property, { seed, numRuns: 1, unbiased: true });
  // A round that could not run proves nothing.
  if (result.errorInstance && tried.length === 0) throw result.errorInstance;
  const [first, last] = [tried[0], tried.at(-1)];
  if (!first || !last) return undefined;
  return { seed, kind, findings: first.findings, smallest: describe(last.plan), smallestFindings: last.findings };
}
