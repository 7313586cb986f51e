import { present } from '@bulkhead/base';
import { isNarrowed } from '@bulkhead/fhir';
import type { DocumentContext } from '@bulkhead/records';
import { type BulkExport, settledTime } from '../bulk-export.record.ts';
import { sentSince } from '../sent-request.ts';
import { sliceRequest } from '../slices/slice.ts';

export type Observation = Pick<DocumentContext, 'observedAt' | 'isOfFullExport' | 'hasWrongTimes' | 'isSubsetted'> & {
  readonly level?: string;
  /** The listed patients, of all slices. Resources of others are not stored. Absent if every patient was requested. */
  readonly patients?: ReadonlySet<string>;
};

/**
 * What an export says about the versions that it contains. If the EHR's clock went back in its period, the time of the kick-off by our
 * own clock counts, and what it lists is decided by that alone: a deleted resource that it does not contain is gone.
 */
export function observation(record: BulkExport): Observation {
  const { kickOffSentAt, level, slices = [], clockWentBack = false } = record;
  const lists = slices.map((slice) => slice.patients);
  // A whole Group is a slice without a list, before those of its new members.
  const patients = lists.length > 0 && !lists.some(({ length }) => length === 0) ? new Set(lists.flat()) : undefined;
  return {
    ...present({ level, patients }),
    observedAt: (clockWentBack && kickOffSentAt) || settledTime(record).at,
    isOfFullExport: sentSince(record) === undefined && !isNarrowed(sliceRequest(record)),
    // A server can leave the tag SUBSETTED out.
    isSubsetted: record.request.elements !== undefined,
    hasWrongTimes: clockWentBack,
  };
}
