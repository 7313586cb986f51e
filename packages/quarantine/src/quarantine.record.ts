import type { Immutable } from '@bulkhead/runtime';
import { countSchema } from '@bulkhead/store';
import { z } from 'zod';

export const quarantineStates = ['open', 'replayed', 'withheld'] as const;

/** A line of a file, or an entry of a search's page, that could not be stored. Without its bytes, which are patient data. */
export const quarantineEntrySchema = z.strictObject({
  id: z.string(),
  connectionId: z.string(),
  source: z
    .literal('sync')
    .exactOptional()
    .meta({ description: 'An entry of a search of an enhanced sync. Left out: a line of an export’s file.' }),
  stepId: z.string().exactOptional().meta({ description: 'Of an entry: the step of the sync run.' }),
  /** That of a line is its file's. */
  resourceType: z.string().exactOptional().meta({ description: 'Of an entry: the type that was searched.' }),
  exportId: z.string().meta({ description: 'Of an entry: the id of the sync run.' }),
  /** See `searchFileId`. */
  fileId: z.string().meta({ description: 'Of an entry: its search.' }),
  line: z.int().min(1).meta({ description: 'The line of the file, or the page of the search, from 1.' }),
  /** In the uncompressed file. */
  offset: countSchema.meta({
    description: 'Where the line begins, in bytes; of an entry its position on the page, from 0.',
  }),
  reason: z.string(),
  state: z.enum(quarantineStates).meta({ description: '`withheld`: of an erased patient. Only its place is left.' }),
  sizeBytes: countSchema,
  keptBytes: countSchema.meta({ description: 'How many bytes of the line can be read back.' }),
  isTruncated: z
    .boolean()
    .meta({ description: 'Less than the whole line is kept: it can be stored only as a correction.' }),
  sha256: z.string().exactOptional().meta({ description: 'SHA-256 of the whole line, in hexadecimal.' }),
  /** An operator's corrected line is kept beside it. */
  isCorrected: z.boolean(),
  createdAt: z.date(),
  /** The last attempt to store it, and why it failed if it did. */
  replay: z.strictObject({ at: z.date(), reason: z.string().exactOptional() }).exactOptional(),
});
export type QuarantineEntry = Immutable<z.output<typeof quarantineEntrySchema>>;

/** A line that is to be stored in the quarantine, with its place and the reason. */
export interface QuarantinedLine
  extends Omit<QuarantineEntry, 'id' | 'state' | 'keptBytes' | 'isTruncated' | 'isCorrected' | 'createdAt' | 'replay'> {
  /** Absent if the line was too long to be held. Then `sealedFile`, `keptBytes` and `sha256` are there. */
  readonly bytes?: Buffer;
  /** What `createLongLine` gave for a line that was too long to be held. */
  readonly sealedFile?: string;
  /** How much of the line is in the sealed file. */
  readonly keptBytes?: number;
}
