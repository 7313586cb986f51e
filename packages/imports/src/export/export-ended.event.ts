import type { Immutable } from '@bulkhead/base';
import { instantSchema } from '@bulkhead/store';
import type { EndedRuns } from '@bulkhead/webhooks/steps';
import { z } from 'zod';
import { bulkExportSchema, lacksData } from './bulk-export.record.ts';
import { bulkExportStatuses, isTerminal, publicStatus } from './bulk-export-phase.ts';
import type { BulkExportStore } from './export.feature.ts';

const { id, connectionId, scheduleId, counts } = bulkExportSchema.shape;

/** The body of the webhook that reports the end of an export. It contains ids and counts, and no patient data. */
export const exportEndedEventSchema = z
  .strictObject({
    type: z
      .enum(['bulk-export.completed', 'bulk-export.failed', 'bulk-export.cancelled'])
      .describe('How the export ended.'),
    timestamp: instantSchema.describe('When the export ended.'),
    data: z
      .strictObject({
        id,
        connectionId,
        scheduleId,
        status: z.enum(bulkExportStatuses).describe('The final `status` of the export, as the API shows it.'),
        partial: z
          .boolean()
          .exactOptional()
          .describe(
            'Whether something that was requested was not received, or files could not be stored. Present if it completed.',
          ),
        counts,
        warnings: z.array(z.string()).describe('The codes of the warnings: docs/errors.md lists them.'),
        errorCode: z.string().exactOptional().describe('The code of the failure. Present if it failed.'),
        errorTitle: z.string().exactOptional().describe('What is wrong, in a few words for people.'),
        errorAdvice: z.string().exactOptional().describe('What to do, for people.'),
      })
      .describe('The export. Read its status for the details.'),
  })
  .meta({ id: 'ExportEndedEvent', description: 'A bulk export has ended. A retried export can end again.' });

/** What the event says about the end of the export. */
export type ExportEnd = Omit<
  z.output<typeof exportEndedEventSchema>['data'],
  'id' | 'connectionId' | 'scheduleId' | 'errorCode' | 'errorTitle' | 'errorAdvice'
>;

export function endedExports({
  bulkExports,
  outputFiles,
}: Pick<BulkExportStore, 'bulkExports' | 'outputFiles'>): EndedRuns {
  return {
    kind: 'bulk-export',
    async find(id) {
      const record = await bulkExports.find(id);
      if (!record || !isTerminal(record.phase) || record.notify !== 'due') return undefined;
      const { phase, counts, warnings } = record;
      const partial = phase === 'completed' ? { partial: lacksData(record) } : {};
      const codes = warnings.map(({ code }) => code);
      const data = { status: publicStatus(phase), ...partial, counts, warnings: codes } satisfies Immutable<ExportEnd>;
      return { ...record, type: `bulk-export.${phase}`, data };
    },
    async markNotified(run) {
      for (const records of [outputFiles, bulkExports]) await records.forgetKeptOut(run);
      await bulkExports.markNotified(run);
    },
  };
}
