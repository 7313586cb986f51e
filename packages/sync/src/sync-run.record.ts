import type { Immutable } from '@bulkhead/runtime';
import { countSchema, failureSchema, warningSchema } from '@bulkhead/store';
import { z } from 'zod';
import { syncRunPhases } from './sync-run-phase.ts';

const syncRequestSchema = z.strictObject({
  includeStandard: z.boolean(),
  includeEnhanced: z.boolean(),
  /** Narrows the enhanced set; empty: all five. */
  resourceTypes: z.array(z.string()),
  /** FHIR instant; left out: from where each patient's last crawl got. */
  since: z.string().exactOptional(),
  /** Ids; empty: every patient that is stored. */
  patients: z.array(z.string()),
});
export type SyncRequest = Immutable<z.output<typeof syncRequestSchema>>;

/** A type that was asked for and is not crawled; never counted as zero. */
export const skippedTypeSchema = z
  .strictObject({ resourceType: z.string(), reason: z.string() })
  .meta({ id: 'SkippedType' });
export type SkippedType = Immutable<z.output<typeof skippedTypeSchema>>;

/** One enhanced sync: a crawl by patient and type over the REST API. */
export const syncRunSchema = z.strictObject({
  id: z.string(),
  connectionId: z.string(),
  provider: z.string(),
  request: syncRequestSchema,
  /** What may follow a phase is in `sync-run-phase.ts`. */
  phase: z.enum(syncRunPhases),
  version: countSchema,
  /** Called when it has ended, beside the connection's own address. */
  callbackUrl: z.string().exactOptional(),
  /** The schedule that started it. */
  scheduleId: z.string().exactOptional(),
  /** Whether the clients that want to know are still to be told that it has ended. */
  notify: z.enum(['due', 'done']).exactOptional(),
  /** The types that are crawled. */
  types: z.array(z.string()),
  skipped: z.array(skippedTypeSchema),
  patientCount: countSchema.exactOptional(),
  createdAt: z.date(),
  startedAt: z.date().exactOptional(),
  completedAt: z.date().exactOptional(),
  error: failureSchema.exactOptional(),
  warnings: z.array(warningSchema),
});
export type SyncRun = Immutable<z.output<typeof syncRunSchema>>;
