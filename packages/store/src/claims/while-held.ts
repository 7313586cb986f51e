/** A cancelled download ends within this, even where nothing comes from the server; the look is one read by id. */
const lookEveryMs = 2000;

/**
 * Runs a download under a signal that is aborted with `signal`, and as soon as `claim` is lost: the export was cancelled,
 * or another attempt has taken over.
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
      // The database is away: the download will notice at its next write.
      () => undefined,
    );
  }, lookEveryMs);
  try {
    return await run(AbortSignal.any([signal, lost.signal]));
  } catch (error) {
    if (lost.signal.aborted && !signal.aborted) return 'lost';
    throw error;
  } finally {
    clearInterval(timer);
  }
}
