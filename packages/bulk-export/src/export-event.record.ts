import type { Immutable, Retrying } from '@bulkhead/runtime';
import { countSchema, ehrTextSchema } from '@bulkhead/store';
import { z } from 'zod';
import { bulkExportPhases } from './bulk-export-phase.ts';

/** Something that happened to an export. It answers why an export is slow or why it failed, also after it has ended. */
export const exportEventSchema = z
  .strictObject({
    at: z.date(),
    kind: z.enum(['phase', 'progress', 'waiting', 'warning', 'file-waiting', 'file-failed']).meta({
      description:
        '`phase`: the export entered `phase`. `progress`: the EHR reported progress. `waiting`: a request failed or the EHR asked for a pause, and it is sent again. `warning`: see the warnings of the export. `file-waiting`, `file-failed`: an attempt to download a file failed.',
    }),
    phase: z.enum(bulkExportPhases).exactOptional(),
    code: z.string().exactOptional().meta({ description: 'The code of the error or the warning.' }),
    message: z.string().exactOptional().meta({ description: 'What the code means here, and what to do.' }),
    ehrText: ehrTextSchema,
    attempts: countSchema.exactOptional().meta({ description: 'Failures or waits in a row.' }),
    nextAttemptAt: z.date().exactOptional().meta({ description: 'When the request is sent again.' }),
    fileId: z.string().exactOptional(),
    resourceType: z.string().exactOptional().meta({ description: 'The type of the file.' }),
    by: z.string().exactOptional().meta({ description: 'Who asked for it: the name of an API key.' }),
  })
  .meta({ id: 'ExportEvent', description: 'Something that happened to an export.' });
export type ExportEvent = Immutable<z.output<typeof exportEventSchema>>;
export type NewExportEvent = Omit<ExportEvent, 'at'>;

/**
 * The most events that an export keeps, for the export and for its files. A thousand failed files then do not push out the kick-off, and a
 * record stays below 100 kB.
 */
export const maxEvents = 200;

/**
 * The event of a failure or wait. A wait that repeats for the same reason is one event, because an outage of a day has hundreds.
 *
 * @returns undefined if the event of the first wait says the same
 */
export function waitingEvent(options: {
  readonly before: Retrying | undefined;
  readonly retrying: Retrying;
}): NewExportEvent | undefined {
  const { before, retrying } = options;
  if (before?.code === retrying.code && before.message === retrying.message) return undefined;
  const { state: _state, since: _since, ...fields } = retrying;
  return { kind: 'waiting', ...fields };
}
