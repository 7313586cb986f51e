/** A cancelled download ends within this time, even if the server sends nothing. Each check is one read by id. */
const checkEveryMs = 2000;

/**
 * Runs a download with a signal that is aborted when `signal` is aborted or when `claim` is lost. A claim is lost if the export
 * was cancelled or another attempt has taken over.
 */
export async function whileHeld<Claim, Result>(options: {
  readonly claims: { readonly isHeld: (claim: Claim) => Promise<boolean> };
  readonly claim: Claim;
  readonly signal: AbortSignal;
  readonly run: (signal: AbortSignal) => Promise<Result>;
}): Promise<Result | 'lost'> {
  const { claims, claim, signal, run } = options;
  const lost = new AbortController();
  const timer = setInterval(() => {
    claims.isHeld(claim).then(
      (held) => held || lost.abort(new Error('the claim was lost')),
      // The database is unavailable. The download notices this at its next write.
      () => undefined,
    );
  }, checkEveryMs);
  try {
    return await run(AbortSignal.any([signal, lost.signal]));
  } catch (error) {
    if (lost.signal.aborted && !signal.aborted) return 'lost';
    throw error;
  } finally {
    clearInterval(timer);
  }
}
