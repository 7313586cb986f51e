import { pollUntil } from './poll-until.ts';

/** The slowest of our processes listens after about a second. A busy machine takes longer. */
const timeoutMs = 30_000;
const intervalMs = 100;

/** Resolves when `url` answers with 2xx. @throws Error after 30 s */
export async function waitForHttp({ url, what }: { readonly url: string; readonly what: string }): Promise<void> {
  const hasAnswered = await pollUntil(async () => (await fetch(url)).ok || undefined, { timeoutMs, intervalMs });
  if (!hasAnswered) throw new Error(`${what} did not answer at ${url} within ${timeoutMs / 1000} s`);
}
