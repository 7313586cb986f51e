import type { Immutable } from '@bulkhead/base';
import { countSchema } from '@bulkhead/store';
import { z } from 'zod';

export const quarantineStates = ['open', 'dismissed', 'replayed', 'withheld'] as const;

/**
 * A line of a file, or an entry of a search's page, that could not be stored. The record does not show its bytes, which are patient
 * data.
 */
export const quarantineEntrySchema = z.strictObject({
  id: z.string().describe('The id of the line in the quarantine.'),
  connectionId: z.string().describe('The connection of the export or sync.'),
  source: z
    .literal('sync')
    .exactOptional()
    .meta({ description: 'Set for an entry of a search of an enhanced sync. Absent for a line of an export’s file.' }),
  stepId: z.string().exactOptional().meta({ description: 'For an entry: the step of the sync run.' }),
  resourceType: z.string().meta({ description: 'The type of the file, or the type that was searched.' }),
  runId: z.string().describe('The id of the export or, for an entry, of the sync run.'),
  /** See `searchFileId`. */
  fileId: z.string().meta({ description: 'For an entry: its search.' }),
  line: z.int().min(1).meta({ description: 'The line of the file, or the page of the search, from 1.' }),
  /** The offset in the uncompressed file. */
  offset: countSchema.meta({
    description: 'The offset of the line in bytes. For an entry: its position on the page, from 0.',
  }),
  reason: z.string().describe('Why it could not be stored, such as `invalid-json`.'),
  state: z.enum(quarantineStates).meta({
    description:
      '`open`: not stored. `dismissed`: an operator has decided that it is not needed. `replayed`: stored later. `withheld`: the line belonged to an erased patient, and only its position was kept.',
  }),
  sizeBytes: countSchema.describe('The size of the whole line, in bytes.'),
  keptBytes: countSchema.meta({ description: 'The number of bytes of the line that are stored and can be read.' }),
  isTruncated: z.boolean().meta({
    description: 'Whether only a part of the line is kept. Such a line can be stored only with a correction.',
  }),
  sha256: z.string().exactOptional().meta({ description: 'SHA-256 of the whole line, in hexadecimal.' }),
  isCorrected: z.boolean().describe('Whether an operator has stored a corrected line beside it.'),
  createdAt: z.date().describe('When it was quarantined.'),
  replay: z
    .strictObject({
      at: z.date().describe('When it was last tried again.'),
      reason: z.string().exactOptional().describe('Why it could still not be stored. Absent if it was stored.'),
    })
    .exactOptional()
    .describe('The last attempt to store it. Absent if there was none.'),
});
export type QuarantineEntry = Immutable<z.output<typeof quarantineEntrySchema>>;

/** Lines of one run with one reason. */
export interface LineGroup extends Pick<QuarantineEntry, 'connectionId' | 'runId' | 'reason'> {
  readonly count: number;
  readonly firstAt: Date;
  readonly lastAt: Date;
}

/** A line to be put into the quarantine, with its position and the reason. */
export interface QuarantinedLine
  extends Omit<QuarantineEntry, 'id' | 'state' | 'keptBytes' | 'isTruncated' | 'isCorrected' | 'createdAt' | 'replay'> {
  /** Absent if the line was too long for memory. Then `encryptedFile`, `keptBytes` and `sha256` are set. */
  readonly bytes?: Buffer;
  /** The file that `createLongLine` wrote for a line that was too long for memory. */
  readonly encryptedFile?: string;
  /** The number of bytes of the line in the encrypted file. */
  readonly keptBytes?: number;
}

/** Of one `put`. */
export interface QuarantinedCount {
  readonly quarantined: number;
  /** Lines of erased patients, of which only the position is stored. */
  readonly withheld: number;
}

/** The `fileId` for the entries of a search. */
export function searchFileId(options: { readonly stepId: string; readonly resourceType: string }): string {
  const { stepId, resourceType } = options;
  return `${stepId}.${resourceType}`;
}
