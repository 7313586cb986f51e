import { present } from '@bulkhead/base';
import type { BulkExportRequest } from '@bulkhead/fhir';
import { erasedText } from '@bulkhead/store';
import type { BulkExport } from '../bulk-export.record.ts';
import { type HoldReason, holdReasons, type WatermarkDecision } from '../watermarks/watermark.record.ts';
import type { Slice } from './slice.record.ts';

type Sliced = Pick<BulkExport, 'slices' | 'slice'>;
type SlicedExport = Sliced & Pick<BulkExport, 'request'>;

/** @returns undefined if the export has no list of patients, or before its first kick-off */
export function currentSlice({ slices, slice = 0 }: Sliced): Slice | undefined {
  return slices?.[slice];
}

export function namesPatient(
  { request, slices = [] }: Pick<BulkExport, 'request' | 'slices'>,
  patientId: string,
): boolean {
  return [request, ...slices].some(({ patients = [] }) => patients.includes(patientId));
}

/** Whether the current slice has no patients. Without `patient`, a kick-off would export all of them. */
export function isEmptySlice(record: Sliced): boolean {
  return (currentSlice(record)?.patients ?? []).length === 0;
}

/** What the current slice requests of the EHR. */
export function sliceRequest({ request, ...record }: SlicedExport): BulkExportRequest {
  const slice = currentSlice(record);
  if (!slice) return request;
  const { since: _, ...others } = request;
  return { ...others, patients: slice.patients, ...(slice.since === undefined ? {} : { since: slice.since }) };
}

/**
 * The fields that end the current slice, and the position of the next one if there is one. It can be one that was not planned.
 * @param following the slices that follow an export of a whole Group, which then is a slice that lists no patients
 */
export function endSlice(
  record: SlicedExport,
  ended: Required<Pick<Slice, 'state' | 'decisions'>> & Pick<Slice, 'reached' | 'lackedTypes' | 'shown'>,
  following: readonly Slice[] = [],
) {
  const { slice = 0 } = record;
  const { slices = following.length > 0 ? [{ patients: [] }, ...following] : [] } = record;
  const changed: Slice[] = slices.map((other, index) => (index === slice ? { ...other, ...ended } : other));
  const deletions = deletionsOf(record, ended);
  if (deletions) changed.push(deletions);
  return { slices: changed, next: nextSlice(changed) };
}

/** A full export lists no deletions. If some can matter, and an export since the last one is requested, another slice asks for them. */
function deletionsOf(record: SlicedExport, { reached }: Pick<Slice, 'reached'>): Slice | undefined {
  const slice = currentSlice(record);
  const isFull = record.request.sinceLast === true && slice?.since === undefined;
  if (!slice || !isFull || !reached || reached.deletionsAt >= reached.at) return undefined;
  return { patients: slice.patients, since: reached.deletionsAt.toISOString() };
}

function nextSlice(slices: readonly Slice[]): number | undefined {
  const next = slices.findIndex(({ state }) => state === undefined);
  return next < 0 ? undefined : next;
}

/** The fields of an export that a retry kicks off again: its incomplete slices are due. */
export function reopenSlices({ slices }: Sliced): Sliced {
  if (!slices) return {};
  const reopened = slices.map((slice): Slice => {
    if (slice.state === 'done') return slice;
    const patients = namedIn(slice);
    return patients.length > 0 ? { ...startOf(slice), patients } : { patients, state: 'done' };
  });
  return { slices: reopened, slice: nextSlice(reopened) ?? 0 };
}

function startOf({ patients, since }: Slice): Slice {
  return { patients, ...present({ since }) };
}

/** Without the patients who were erased since. */
export function namedIn({ patients }: Slice): readonly string[] {
  return patients.filter((id) => id !== erasedText);
}

/** The decisions of all slices: a watermark that one of them holds is held. */
export function mergeDecisions(slices: readonly Slice[]): WatermarkDecision[] {
  const byType = Map.groupBy(
    slices.flatMap(({ decisions = [] }) => decisions),
    ({ resourceType }) => resourceType,
  );
  return [...byType].map(([resourceType, decisions]) => {
    const reasons = new Set(decisions.flatMap((decision) => decision.reasons));
    return {
      resourceType,
      reasons: (Object.keys(holdReasons) as HoldReason[]).filter((reason) => reasons.has(reason)),
    };
  });
}
