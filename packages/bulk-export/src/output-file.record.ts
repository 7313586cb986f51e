import type { Immutable } from '@bulkhead/runtime';
import { countSchema, failureSchema, retryingSchema, zerosOf } from '@bulkhead/store';
import { z } from 'zod';
import { issueCountSchema, lineCounts } from './bulk-export.record.ts';

const outputFileStates = ['pending', 'downloading', 'completed', 'failed', 'skipped', 'cancelled'] as const;
export type OutputFileState = (typeof outputFileStates)[number];

/** How much of a file was read. It advances only after the database has acknowledged the lines before it. */
export const fileCheckpointSchema = z.strictObject({
  /** Offset in the uncompressed file where a resume starts. */
  bytes: countSchema,
  lines: countSchema,
  ...lineCounts,
  /** The part of `withheld` that was in quarantine before. Absent means 0. */
  withheldLines: countSchema.exactOptional(),
  /**
   * Quarantined lines of a `deleted` file. Each may have named a resource of any type that is still stored here although the
   * server deleted it. Absent means 0.
   */
  unreadableDeletions: countSchema.exactOptional().meta({ description: 'Quarantined lines of a `deleted` file.' }),
  /** OperationOutcomes in an `output` file. Only their issues are kept. Absent means 0. */
  outcomes: countSchema.exactOptional().meta({ description: 'The number of OperationOutcomes among the resources.' }),
  /** Sorted, and limited by the number of R4 types. Absent means none. */
  types: z
    .array(z.string())
    .exactOptional()
    .meta({ description: 'For a file of unknown type: the types that were stored.' }),
  /** The issues of all OperationOutcomes in the file. In an `error` file, every line is one. */
  issues: z.array(issueCountSchema),
});
export type FileCheckpoint = Immutable<z.output<typeof fileCheckpointSchema>>;

/** The ledger's entry for one file of a manifest. */
export const outputFileSchema = z.strictObject({
  id: z.string(),
  exportId: z.string(),
  connectionId: z.string(),
  /** The manifest's arrays. */
  section: z.enum(['output', 'deleted', 'error']),
  /** The resource type that the manifest states for each line. `Resource` if it states none, or one that R4 lacks. */
  type: z.string(),
  url: z.string(),
  requiresAccessToken: z.boolean(),
  promisedCount: countSchema.exactOptional(),
  state: z.enum(outputFileStates),
  checkpoint: fileCheckpointSchema,
  /** The validator that a resume sends in `If-Range`. */
  etag: z.string().exactOptional(),
  /** The position in the manifest when it was first read, for display. */
  position: countSchema.exactOptional(),
  attempts: countSchema,
  /** Why the download waits or is retried. */
  retrying: retryingSchema.exactOptional(),
  /** A second download with the same number settles it. */
  receivedCount: countSchema
    .exactOptional()
    .meta({ description: 'The number of resources in two downloads, if it differs from `promisedCount`.' }),
  /** `checkpoint.lines` when the link was last refreshed. If no line was read since, the new link does not work either. */
  linkRefreshedAtLine: countSchema.exactOptional(),
  error: failureSchema.exactOptional(),
  startedAt: z.date().exactOptional(),
  completedAt: z.date().exactOptional(),
});
export type OutputFile = Immutable<z.output<typeof outputFileSchema>>;

export const emptyCheckpoint: FileCheckpoint = { bytes: 0, lines: 0, ...zerosOf(lineCounts), issues: [] };
