/** A record for a transition from the phase that it has, which the test knows and the compiler does not. */
export function anyPhase<Run extends { readonly phase: string }>(run: Run) {
  return run as unknown as Omit<Run, 'phase'> & { readonly phase: never };
}
