import type { Immutable } from '@bulkhead/runtime';
import { countSchema, failureSchema, warningSchema } from '@bulkhead/store';
import { z } from 'zod';
import { syncRunPhases } from './sync-run-phase.ts';

const syncRequestSchema = z.strictObject({
  includeStandard: z.boolean(),
  includeEnhanced: z.boolean(),
  /** Narrows the enhanced set. If empty, all five types are crawled. */
  resourceTypes: z.array(z.string()),
  /** FHIR instant. If absent, each patient's crawl continues at its crawl marks. */
  since: z.string().exactOptional(),
  /** Ids. If empty, all stored patients are crawled. */
  patients: z.array(z.string()),
});
export type SyncRequest = Immutable<z.output<typeof syncRequestSchema>>;

/** A requested type that is not crawled. It has no counts, because a zero would look like a result. */
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
  /** `sync-run-phase.ts` defines which phase may follow which. */
  phase: z.enum(syncRunPhases),
  version: countSchema,
  /** Receives a webhook when the run has ended, in addition to the connection's own URL. */
  callbackUrl: z.string().exactOptional(),
  /** The schedule that started it. */
  scheduleId: z.string().exactOptional(),
  /** `due` if the end must be reported to clients, `done` if it was. */
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
