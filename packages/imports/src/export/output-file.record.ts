import type { Immutable } from '@bulkhead/base';
import { countSchema, failureSchema, mayNamePatient, zerosOf } from '@bulkhead/store';
import { z } from 'zod';
import { retryingSchema } from '../runs/index.ts';
import { type IssueCount, issueCountSchema, lineCounts } from './bulk-export.record.ts';

const outputFileStates = ['pending', 'downloading', 'completed', 'failed', 'skipped', 'cancelled'] as const;
export type OutputFileState = (typeof outputFileStates)[number];

/** How much of a file was read. It advances only after the database has acknowledged the lines before it. */
export const fileCheckpointSchema = z.strictObject({
  bytes: countSchema.describe(
    'How much of the uncompressed file was read and stored. An interrupted download continues there.',
  ),
  lines: countSchema.describe('How many lines were read and accounted for.'),
  ...lineCounts,
  /** The part of `withheld` that was in quarantine before. Absent means 0. */
  withheldLines: countSchema.exactOptional(),
  /**
   * Quarantined lines of a `deleted` file, with those that an erasure has withheld since. Each may have named a resource of any type
   * that is still stored here although the server deleted it. Absent means 0.
   */
  unreadableDeletions: countSchema.exactOptional().meta({ description: 'Quarantined lines of a `deleted` file.' }),
  /** Versions that replaced one with a later time, because a full export showed them later. Absent means 0. */
  setBack: countSchema
    .exactOptional()
    .meta({ description: 'Resources that went back to an earlier version at the EHR, as after a restored backup.' }),
  /** Absent means 0. */
  contradictions: countSchema.exactOptional().meta({
    description: 'Resources that the export contains and also names as deleted. The content is kept.',
  }),
  /** Absent means 0. */
  incomplete: countSchema.exactOptional().meta({
    description: 'The part of `stale` that is later than the stored version, but incomplete (SUBSETTED).',
  }),
  /** OperationOutcomes in an `output` file. Only their issues are kept. Absent means 0. */
  outcomes: countSchema.exactOptional().meta({ description: 'The number of OperationOutcomes among the resources.' }),
  /** `Parameters` that say which patient the next lines belong to. They are not data. Absent means 0. */
  headers: countSchema.exactOptional().meta({ description: 'The number of headers among the resources.' }),
  /** Sorted, and limited by the number of R4 types. Absent means none. */
  types: z
    .array(z.string())
    .exactOptional()
    .meta({ description: 'For a file of unknown type: the types that were stored.' }),
  issues: z
    .array(issueCountSchema)
    .describe('The issues of all OperationOutcomes in the file. In an `error` file every line is one.'),
});
export type FileCheckpoint = Immutable<z.output<typeof fileCheckpointSchema>>;

/** The ledger's entry for one file of a manifest. */
export const outputFileSchema = z.strictObject({
  id: z.string().describe('The id of the file, which begins with the id of its export.'),
  exportId: z.string(),
  connectionId: z.string(),
  /** The version of the export when its manifest was read. */
  exportVersion: countSchema.exactOptional(),
  /** The position of its slice in an export of listed patients. See `patients/slice.record.ts`. */
  slice: countSchema.exactOptional(),
  section: z
    .enum(['output', 'deleted', 'error'])
    .describe(
      'The array of the manifest: `output` (resources), `deleted` (Bundles that name deleted resources) or `error` (OperationOutcomes).',
    ),
  type: z
    .string()
    .describe(
      'The resource type from the manifest. `Resource` if the manifest gives no type or one that is not in R4.',
    ),
  /** The types for which the manifest lists the file, if there are several. Each must be in it. */
  listedTypes: z.array(z.string()).exactOptional(),
  url: mayNamePatient(z.string()).describe(
    'The URL at the EHR. A link that opens without a token is shown without its query, unless `signedUrls=true`.',
  ),
  requiresAccessToken: z.boolean(),
  promisedCount: countSchema
    .exactOptional()
    .describe('The number of resources that the manifest promises. Absent if it gives no count.'),
  state: z
    .enum(outputFileStates)
    .describe(
      '`pending`, `downloading`, `completed`, `failed` (given up), `skipped` (of a type that was not requested) or `cancelled`.',
    ),
  checkpoint: fileCheckpointSchema,
  /** The validator that a resume sends in `If-Range`. */
  etag: mayNamePatient(z.string()).exactOptional(),
  /** The position in the manifest when it was first read, for display. */
  position: countSchema.exactOptional(),
  attempts: countSchema.describe(
    'Attempts since the last progress, including the current one. Waits that the EHR asked for do not count.',
  ),
  /** Why the download waits or is retried. */
  retrying: retryingSchema.exactOptional(),
  /** A second download with the same number settles it. */
  receivedCount: countSchema
    .exactOptional()
    .meta({ description: 'The number of resources in two downloads, if it differs from `promisedCount`.' }),
  cut: z
    .strictObject({
      bytes: countSchema.describe('What was stored of the file before it was cut, in bytes.'),
      times: countSchema.describe('How often in a row the file was cut there. After some times it is given up.'),
    })
    .exactOptional()
    .meta({ description: 'Where the last download was cut. Absent if none was.' }),
  /** `checkpoint.lines` when the link was last refreshed. If no line was read since, the new link does not work either. */
  linkRefreshedAtLine: countSchema.exactOptional(),
  error: failureSchema.exactOptional().describe('Why the file was given up. Present only if it failed.'),
  startedAt: z.date().exactOptional().describe('When the first download began.'),
  completedAt: z.date().exactOptional().describe('When the file was done or given up.'),
});
export type OutputFile = Immutable<z.output<typeof outputFileSchema>>;

export const emptyCheckpoint: FileCheckpoint = { bytes: 0, lines: 0, ...zerosOf(lineCounts), issues: [] };

/** The number of resources in a file's lines. Blank lines do not count. */
export function accountedLines(counts: Pick<FileCheckpoint, keyof typeof lineCounts>): number {
  const { stored, stale, quarantined, withheld = 0, notAsked = 0 } = counts;
  return stored + stale + quarantined + withheld + notAsked;
}

/** FHIR's codes allow some hundred sums without types. With types the number would be unbounded. */
const maxSumsWithTypes = 100;

/**
 * Adds up counts of issues, one entry for each severity, code and list of types. After 100 entries with types, further ones are
 * counted as issues that may concern any type.
 */
export function sumIssues(counts: readonly IssueCount[]): IssueCount[] {
  const sums = new Map<string, IssueCount>();
  const add = (key: string, issue: IssueCount) => {
    const sum = sums.get(key);
    if (!sum) return sums.set(key, issue);
    const mentioned = new Set([...(sum.mentionedTypes ?? []), ...(issue.mentionedTypes ?? [])]);
    const mentionedTypes = mentioned.size > 0 ? { mentionedTypes: [...mentioned].toSorted() } : {};
    return sums.set(key, { ...sum, count: sum.count + issue.count, ...mentionedTypes });
  };
  let withTypes = 0;
  for (const { types, ...issue } of counts) {
    const key = `${issue.severity}/${issue.code}`;
    const typedKey = `${key}/${types?.join()}`;
    const isKept = types !== undefined && (sums.has(typedKey) || withTypes < maxSumsWithTypes);
    if (isKept && !sums.has(typedKey)) withTypes++;
    if (isKept) add(typedKey, { ...issue, types });
    else add(key, issue);
  }
  return [...sums.values()].toSorted((left, right) => right.count - left.count);
}
