/** The phases from which a transition may lead to `To`, of a table of the phases that may follow each one. */
export type PhaseBefore<Followers extends Readonly<Record<string, readonly string[]>>, To extends string> = {
  [From in keyof Followers]: [To] extends [Followers[From][number]] ? From : never;
}[keyof Followers];

/** A run in one of the phases: a union, so that the compiler knows which are left after a comparison. */
export type InPhase<Run, Phase extends string> = Phase extends unknown ? Run & { readonly phase: Phase } : never;

/** Narrows a run to one that is in one of the phases, so that a transition that the table of its phases lacks does not compile. */
export function isInPhase<Run extends { readonly phase: string }, Phase extends Run['phase']>(
  run: Run,
  ...phases: readonly Phase[]
): run is InPhase<Run, Phase> & Run {
  return phases.some((phase) => phase === run.phase);
}
