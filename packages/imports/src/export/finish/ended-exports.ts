import type { Immutable } from '@bulkhead/base';
import type { EndedRuns } from '@bulkhead/webhooks/steps';
import { lacksData } from '../bulk-export.record.ts';
import { isTerminal, publicStatus } from '../bulk-export-phase.ts';
import type { BulkExportStore } from '../export.feature.ts';
import type { ExportEnd } from '../export-ended.event.ts';

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
