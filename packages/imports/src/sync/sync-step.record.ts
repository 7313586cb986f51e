import type { Immutable } from '@bulkhead/base';
import { countSchema, failureSchema, mayNamePatient, quotesEhr, withheldCountSchema } from '@bulkhead/store';
import { z } from 'zod';
import { retryingSchema } from '../runs/index.ts';

/** The results of the resources that searches received. */
export const resultCounts = {
  fetched: countSchema.describe('Received resources: the sum of `stored`, `stale`, `rejected` and `withheld`.'),
  stored: countSchema.describe(
    'Resources whose received version, or an equal one, is stored now. It includes `unchanged`.',
  ),
  unchanged: countSchema.describe('The part of `stored` for which nothing was written.'),
  stale: countSchema.describe('Resources that are older than the stored version. They change nothing.'),
  rejected: countSchema.describe('Resources that cannot be stored. They are kept in the quarantine with the reason.'),
  laterIncomplete: countSchema.exactOptional().meta({
    description:
      'The part of `stale` that is later than the stored version, but incomplete (SUBSETTED). Left out: none.',
  }),
  withheld: withheldCountSchema,
};

/** The counts of a search, which a run adds up for each type. */
export const searchCounts = {
  requests: countSchema.describe('Requests that were sent to the EHR, repeated ones included.'),
  pages: countSchema.describe('Pages of results that were read.'),
  ...resultCounts,
};

/** One search of a step, page after page. */
const syncSearchSchema = z.strictObject({
  resourceType: z.string(),
  /**
   * `incomplete` means that all pages were read, and they had fewer matches than the server's `total`, or the data moved while they were
   * read.
   */
  state: z.enum(['pending', 'completed', 'incomplete', 'failed']),
  /** The next page. */
  nextUrl: quotesEhr(z.string()).exactOptional(),
  /** The search was restarted, because the server had forgotten its next page or the data had moved. This happens only once. */
  hasRestarted: z.literal(true).exactOptional(),
  /** When the server answered the first page. Later changes are for the next crawl. */
  servedAt: z.date().exactOptional(),
  /** The hash of `nextUrl` at the last page whose number is a power of two. See `paging-loop.ts`. */
  loopMark: quotesEhr(z.string()).exactOptional(),
  /** The number of matches that the server promised, from the first page with a `total`. */
  total: countSchema.exactOptional(),
  /** Different matches on the pages so far. */
  matched: countSchema,
  /** Of appointments that are read by their ids: the last id of the current request. The next request has later ones. */
  lastId: mayNamePatient(z.string()).exactOptional(),
  /** Which matches were on the pages so far, while pages follow. See `SeenMatches`. */
  seen: quotesEhr(z.string()).exactOptional(),
  /** Consecutive pages without a new match. */
  idlePages: countSchema.exactOptional(),
  /** A page repeated a match, or stated another `total`. */
  hasMoved: z.literal(true).exactOptional(),
  ...searchCounts,
  /** The part of `withheld` that was in quarantine before. Absent means 0. */
  withheldEntries: countSchema.exactOptional(),
  error: failureSchema.exactOptional(),
});
export type SyncSearch = Immutable<z.output<typeof syncSearchSchema>>;

/** Why a step waits or is retried. The run shows it until the step has read its next page. */
const stepRetrySchema = retryingSchema.extend({ resourceType: z.string().describe('The type that is searched.') });
export type StepRetry = Immutable<z.output<typeof stepRetrySchema>>;

/** The searches for the records of one patient, or for many Patient resources by their ids, or a read of one resource. */
export const syncStepSchema = z.strictObject({
  id: z.string(),
  runId: z.string(),
  connectionId: z.string(),
  patientIds: z.array(mayNamePatient(z.string())),
  /** A resource to which stored resources refer, and that is read instead of a search. `patientIds` are those to whom it belongs. */
  target: z
    .strictObject({
      resourceId: quotesEhr(z.string()),
      /** `<type>/<id>` of a stored resource that refers to it. */
      referredBy: quotesEhr(z.string()),
    })
    .exactOptional(),
  searches: z.array(syncSearchSchema),
  state: z.enum(['pending', 'running', 'completed', 'failed', 'cancelled']),
  /** Attempts since the last page, including the current one. Waits that the EHR or the budget requested do not count. */
  attempts: countSchema,
  retrying: stepRetrySchema.exactOptional(),
});
export type SyncStep = Immutable<z.output<typeof syncStepSchema>>;

/** The sums of a run over its steps, for one type. */
export const syncTypeCountSchema = z.strictObject({
  resourceType: z.string().describe('The FHIR resource type that the counts are for.'),
  searches: countSchema.describe('Searches of this type.'),
  completed: countSchema.describe('Searches whose pages were all read.'),
  incomplete: countSchema.meta({
    description: 'The number of searches whose pages had fewer resources than the EHR promised.',
  }),
  failed: countSchema.describe('Searches that were given up. A retry of the run repeats them.'),
  ...searchCounts,
});
export type SyncTypeCount = Immutable<z.output<typeof syncTypeCountSchema>>;
