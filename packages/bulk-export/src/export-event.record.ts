import type { Immutable } from '@bulkhead/runtime';
import { runEventShape } from '@bulkhead/store';
import { z } from 'zod';
import { bulkExportPhases } from './bulk-export-phase.ts';

/** Something that happened to an export. */
export const exportEventSchema = z
  .strictObject({
    ...runEventShape,
    kind: z.enum(['phase', 'progress', 'waiting', 'warning', 'file-waiting', 'file-failed']).meta({
      description:
        '`phase`: the export entered `phase`. `progress`: the EHR reported progress. `waiting`: a request failed or the EHR asked for a pause, and it is sent again. `warning`: see the warnings of the export. `file-waiting`, `file-failed`: an attempt to download a file failed.',
    }),
    phase: z.enum(bulkExportPhases).exactOptional().describe('Of the kind `phase`: the phase that the export entered.'),
    fileId: z.string().exactOptional().describe('Of `file-waiting` and `file-failed`: the id of the file.'),
    resourceType: z.string().exactOptional().meta({ description: 'The type of the file.' }),
  })
  .meta({ id: 'ExportEvent', description: 'Something that happened to an export.' });
export type ExportEvent = Immutable<z.output<typeof exportEventSchema>>;
export type NewExportEvent = Omit<ExportEvent, 'at'>;
