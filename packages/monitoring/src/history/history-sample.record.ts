import type { Immutable } from '@bulkhead/base';
import { countSchema } from '@bulkhead/store';
import { z } from 'zod';

/** An export or a sync that has ended. */
export const endedRunSchema = z.strictObject({
  kind: z.enum(['export', 'sync']),
  /** A run that was retried ends again. */
  endedAt: z.date(),
  outcome: z.enum(['completed', 'partial', 'failed', 'cancelled']),
  seconds: countSchema,
  /** What it stored. A sync does not know its bytes, so they are 0. */
  types: z.array(z.strictObject({ resourceType: z.string(), resources: countSchema, bytes: countSchema })),
});
export type EndedRun = Immutable<z.output<typeof endedRunSchema>>;

/** What happened in a quarter of an hour. The workers take a sample each minute, and a record has the highest values of its samples. */
export const historySampleSchema = z.strictObject({
  /** `at` as a text, so that each quarter has one record. */
  id: z.string(),
  /** When the quarter began. */
  at: z.date(),
  queues: z.array(z.strictObject({ queue: z.string(), waiting: countSchema, oldestSeconds: countSchema })),
  /** Requests in the last 24 hours. Budgets of several clients of one EHR have the same name, and the highest one counts. */
  budgets: z.array(z.strictObject({ name: z.string(), used: countSchema, limit: countSchema })),
  /** How far connections are behind, once in each hour. A lag changes slowly, and there can be many connections. */
  lags: z.array(z.strictObject({ connectionId: z.string(), seconds: countSchema })),
  runs: z.array(endedRunSchema),
  /** The runs that ended before this time are in a sample. */
  runsUntil: z.date(),
});
export type HistorySample = Immutable<z.output<typeof historySampleSchema>>;
