import type { Immutable } from '@bulkhead/base';
import { countSchema } from '@bulkhead/store';
import { z } from 'zod';
import { figureNames } from './history.schema.ts';

/** What a chart can show of a thousand connections or budgets. More would make a sample, and each look at the history, grow with them. */
export const maxWorst = 10;

/** The exports or syncs that ended in a quarter of an hour in one way. */
const endedRunsSchema = z.strictObject({
  kind: z.enum(['export', 'sync']),
  /** When the quarter of their ends began. A run that was retried ends again. */
  at: z.date(),
  outcome: z.enum(['completed', 'partial', 'failed', 'cancelled']),
  /** How long each took. */
  seconds: z.array(countSchema),
});
export type EndedRuns = Immutable<z.output<typeof endedRunsSchema>>;

/** What they stored of one type. A sync does not know its bytes, so they are 0. */
const volumeSchema = z.strictObject({
  at: z.date(),
  resourceType: z.string(),
  resources: countSchema,
  bytes: countSchema,
});
export type Volume = Immutable<z.output<typeof volumeSchema>>;

/** What happened in a quarter of an hour. The workers take a sample each minute, and a record has the highest values of its samples. */
export const historySampleSchema = z.strictObject({
  /** `at` as a text, so that each quarter has one record. */
  id: z.string(),
  /** When the quarter began. */
  at: z.date(),
  /** The queues in which jobs waited. */
  queues: z.array(z.strictObject({ queue: z.string(), waiting: countSchema, oldestSeconds: countSchema })),
  /** The fullest. Requests in the last 24 hours. Budgets of several clients of one EHR have the same name, and the highest one counts. */
  budgets: z.array(z.strictObject({ name: z.string(), used: countSchema, limit: countSchema })),
  /** The connections that are furthest behind, once in each hour, because a lag changes slowly. */
  lags: z.array(z.strictObject({ connectionId: z.string(), seconds: countSchema })),
  /** How far all connections are behind, at the same times. */
  lagSpread: z.strictObject({ median: countSchema, high: countSchema }).exactOptional(),
  runs: z.array(endedRunsSchema),
  volumes: z.array(volumeSchema),
  /** The runs that ended before this time are in a sample. */
  runsUntil: z.date(),
  /** The median of each figure over the days before, once in each hour. Absent if there are too few days. */
  usual: z.array(z.strictObject({ figure: z.enum(figureNames), value: z.number() })).exactOptional(),
});
export type HistorySample = Immutable<z.output<typeof historySampleSchema>>;
