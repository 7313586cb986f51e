import type { DocumentContext } from '@bulkhead/resources';
import { type BulkExport, settledTime } from '../../bulk-export.record.ts';
import { sentSince } from '../export-warnings.ts';

export type Observation = Pick<DocumentContext, 'observedAt' | 'isOfFullExport'>;

/** What an export says about the versions that it contains. */
export function observation(record: BulkExport): Observation {
  const { typeFilters = [] } = record.request;
  return {
    observedAt: settledTime(record).at,
    isOfFullExport: sentSince(record) === undefined && typeFilters.length === 0,
  };
}
