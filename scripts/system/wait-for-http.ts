/** The slowest of our processes listens after about a second. A busy machine takes longer. */
const deadlineMs = 30_000;
const intervalMs = 100;

/** Resolves when `url` answers with 2xx. @throws Error after 30 s */
export async function waitForHttp({ url, what }: { readonly url: string; readonly what: string }): Promise<void> {
  const endMs = Date.now() + deadlineMs;
  while (Date.now() < endMs) {
    const answered = await fetch(url).then(
      ({ ok }) => ok,
      // Not listening yet.
      () => false,
    );
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
  throw new Error(`${what} did not answer at ${url} within ${deadlineMs / 1000} s`);
}
