import type { SourceResource } from './find-data.ts';

/** The part of the data to load. */
export interface Part {
  /** The number of patients to load, with all of their resources. Default: all. */
  readonly patients?: number | undefined;
  /** The types to load. Default: all. `Patient` is always loaded. */
  readonly types?: readonly string[] | undefined;
  /** The maximum of resources of each type. Default: no limit. */
  readonly perType?: number | undefined;
}

/** Returns a part in which no resource refers to a patient who is left out. */
export function choosePart(resources: readonly SourceResource[], part: Part): SourceResource[] {
  const { patients = Number.POSITIVE_INFINITY, types, perType = Number.POSITIVE_INFINITY } = part;
  const ids = resources.filter(({ type }) => type === 'Patient').map(({ id }) => id);
  const chosen = new Set(ids.slice(0, Math.min(patients, perType)));
  const counts = new Map<string, number>();
  return resources.filter(({ type, patientIds }) => {
    if (!patientIds.every((id) => chosen.has(id))) return false;
    if (type !== 'Patient' && types && !types.includes(type)) return false;
    const count = (counts.get(type) ?? 0) + 1;
    counts.set(type, count);
    return count <= perType;
  });
}
