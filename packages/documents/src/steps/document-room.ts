import type { DocumentDeps } from './deps.ts';

/**
 * Jobs of documents in Redis at a time: what athenahealth's 8 requests a second bring in a minute, which is when the sweep
 * comes again. A million documents wait in MongoDB.
 */
export const maxDocumentJobs = 500;

/** How many jobs of documents may be added. */
export async function documentRoom({ producer }: DocumentDeps): Promise<number> {
  return Math.max(maxDocumentJobs - (await producer.countWaiting('document')), 0);
}
