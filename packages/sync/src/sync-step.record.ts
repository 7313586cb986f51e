import type { Immutable } from '@bulkhead/runtime';
import { countSchema, failureSchema, retryingSchema, withheldCountSchema } from '@bulkhead/store';
import { z } from 'zod';

/** What became of the resources that searches received. */
export const resultCounts = {
  /** Resources that were received; `stored + stale + rejected + withheld`. */
  fetched: countSchema,
  /** Resources whose served version (or an equal one) is stored now. */
  stored: countSchema,
  /** Of `stored`: nothing was written. */
  unchanged: countSchema,
  /** Older than what is stored. */
  stale: countSchema,
  /** Without an id, or of another type. */
  rejected: countSchema,
  withheld: withheldCountSchema,
};

/** The counts of a search, which a run adds up for each type. */
export const searchCounts = { requests: countSchema, pages: countSchema, ...resultCounts };

/** One search of a step, page after page. */
const syncSearchSchema = z.strictObject({
  resourceType: z.string(),
  /** `incomplete`: every page was read, and they held fewer matches than the server's `total`. */
  state: z.enum(['pending', 'completed', 'incomplete', 'failed']),
  /** Its resources come with the answer to the step's search of patients (`_revinclude`), without a request of its own. */
  isCarried: z.literal(true).exactOptional(),
  /** The page to go on with. */
  nextUrl: z.string().exactOptional(),
  /** The server had forgotten the page to go on with, so the search has started again: once. */
  hasRestarted: z.literal(true).exactOptional(),
  /** When the server answered the first page: what changed after it is the next crawl's. */
  servedAt: z.date().exactOptional(),
  /** The hash of `nextUrl` at the last page whose number is a power of two; see `paging-loop.ts`. */
  loopMark: z.string().exactOptional(),
  /** The number of matches that the server promised, as its latest page with a `total` says. */
  total: countSchema.exactOptional(),
  /** Matches on the pages so far. Absent in searches that began before it was counted. */
  matched: countSchema.exactOptional(),
  ...searchCounts,
  /** Of `withheld`: entries that were in quarantine first. Absent is 0. */
  withheldEntries: countSchema.exactOptional(),
  error: failureSchema.exactOptional(),
});
export type SyncSearch = Immutable<z.output<typeof syncSearchSchema>>;

/** Why a step does not progress: shown with the run, until its next page is read. */
const stepRetrySchema = retryingSchema.extend({ resourceType: z.string() });
export type StepRetry = Immutable<z.output<typeof stepRetrySchema>>;

/** The searches of a patient, or of some together; or the reads of many patients' own resources by their ids. */
export const syncStepSchema = z.strictObject({
  id: z.string(),
  runId: z.string(),
  connectionId: z.string(),
  patientIds: z.array(z.string()),
  searches: z.array(syncSearchSchema),
  state: z.enum(['pending', 'running', 'completed', 'failed', 'cancelled']),
  /** Since the last page that was read, with the one under way. Waits that were asked for do not count. */
  attempts: countSchema,
  retrying: stepRetrySchema.exactOptional(),
});
export type SyncStep = Immutable<z.output<typeof syncStepSchema>>;

/** A run's sums over its steps, for one type. */
export const syncTypeCountSchema = z.strictObject({
  resourceType: z.string(),
  /** Searches of its own; those that came with another's answer are `carried`. */
  searches: countSchema,
  carried: countSchema,
  completed: countSchema,
  incomplete: countSchema.meta({
    description: 'Searches whose pages held fewer resources than the EHR promised.',
  }),
  failed: countSchema,
  ...searchCounts,
});
export type SyncTypeCount = Immutable<z.output<typeof syncTypeCountSchema>>;
