import { z } from 'zod';
import { count, instant } from '../common.schema.ts';
import { connectionId, exportId, later } from '../example-values.ts';

export const quarantinedLineSchema = z
  .strictObject({
    id: z.string(),
    connectionId: z.string(),
    source: z
      .literal('sync')
      .optional()
      .meta({ description: 'An entry of a search of an enhanced sync. Left out: a line of an export’s file.' }),
    stepId: z.string().optional().meta({ description: 'Of an entry: the step of the sync run.' }),
    resourceType: z.string().optional().meta({ description: 'Of an entry: the type that was searched.' }),
    exportId: z.string().meta({ description: 'Of an entry: the id of the sync run.' }),
    fileId: z.string().meta({ description: 'Of an entry: its search.' }),
    line: z.int().min(1).meta({ description: 'The line of the file, or the page of the search, from 1.' }),
    offset: count.meta({
      description: 'Where the line begins, in bytes; of an entry its position on the page, from 0.',
    }),
    reason: z.string(),
    state: z
      .enum(['open', 'replayed', 'withheld'])
      .meta({ description: '`withheld`: of an erased patient. Only its place is left.' }),
    sizeBytes: count,
    keptBytes: count.meta({ description: 'How many bytes of the line can be read back.' }),
    isTruncated: z
      .boolean()
      .meta({ description: 'Less than the whole line is kept: it can be stored only as a correction.' }),
    sha256: z.string().optional().meta({ description: 'SHA-256 of the whole line, in hexadecimal.' }),
    isCorrected: z.boolean(),
    createdAt: instant,
    replay: z.strictObject({ at: instant, reason: z.string().optional() }).optional(),
  })
  .meta({
    id: 'QuarantinedLine',
    description: 'A line, or an entry of a search, that could not be stored: its place and the reason.',
  });

export const quarantinedLineExample = {
  id: 'file_01a20ebbcb0e7c6ab4f1a5e2ed1b4f11.42',
  connectionId,
  exportId,
  fileId: 'file_01a20ebbcb0e7c6ab4f1a5e2ed1b4f11',
  line: 42,
  offset: 43_008,
  reason: 'invalid-json',
  state: 'open',
  sizeBytes: 812,
  keptBytes: 812,
  isTruncated: false,
  sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  isCorrected: false,
  createdAt: later,
};
