import type { Immutable } from '@bulkhead/runtime';
import { countSchema, failureSchema, retryingSchema, zerosOf } from '@bulkhead/store';
import { z } from 'zod';
import { issueCountSchema, lineCounts } from './bulk-export.record.ts';

const outputFileStates = ['pending', 'downloading', 'completed', 'failed', 'skipped', 'cancelled'] as const;
export type OutputFileState = (typeof outputFileStates)[number];

/** What was read of a file so far. Moves only after the database has acknowledged the lines before it. */
export const fileCheckpointSchema = z.strictObject({
  /** Offset in the uncompressed file where a resume starts. */
  bytes: countSchema,
  lines: countSchema,
  ...lineCounts,
  /** Of `withheld`: lines that were in quarantine first. Absent is 0. */
  withheldLines: countSchema.exactOptional(),
  /**
   * Lines of a `deleted` file that are quarantined, for whatever reason: each may have named a resource of any type that
   * is still stored here although the server deleted it. Absent is 0.
   */
  unreadableDeletions: countSchema.exactOptional().meta({ description: 'Quarantined lines of a `deleted` file.' }),
  /** Of an `output` file: their issues are counted, and nothing else. Absent is 0. */
  outcomes: countSchema.exactOptional().meta({ description: 'OperationOutcomes among the resources.' }),
  /** Sorted; at most the types of R4. Absent is none. */
  types: z
    .array(z.string())
    .exactOptional()
    .meta({ description: 'Of a file of unknown type: those that were stored.' }),
  /** Of every OperationOutcome among the lines, which are all lines of an `error` file. */
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
  /** The resource type that the manifest promises for each line; `Resource` if it promises none, or one that R4 lacks. */
  type: z.string(),
  url: z.string(),
  requiresAccessToken: z.boolean(),
  promisedCount: countSchema.exactOptional(),
  state: z.enum(outputFileStates),
  checkpoint: fileCheckpointSchema,
  /** The validator that a resume sends in `If-Range`. */
  etag: z.string().exactOptional(),
  /** Place in the manifest as it was first read, for display. */
  position: countSchema.exactOptional(),
  attempts: countSchema,
  /** Why it is not under way, or is tried again. */
  retrying: retryingSchema.exactOptional(),
  /** A second download with the same number settles it. */
  receivedCount: countSchema
    .exactOptional()
    .meta({ description: 'Resources that two downloads had, if that is not `promisedCount`.' }),
  /** `checkpoint.lines` when its link was last replaced by a fresh one: no line since means that this one is no better. */
  linkRefreshedAtLine: countSchema.exactOptional(),
  error: failureSchema.exactOptional(),
  startedAt: z.date().exactOptional(),
  completedAt: z.date().exactOptional(),
});
export type OutputFile = Immutable<z.output<typeof outputFileSchema>>;

export const emptyCheckpoint: FileCheckpoint = { bytes: 0, lines: 0, ...zerosOf(lineCounts), issues: [] };
