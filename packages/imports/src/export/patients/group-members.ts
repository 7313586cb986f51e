/*
 * The watermarks of a Group hold for its members. Whether an export of changes has older data of a new member is left to the server (FHIR Bulk
 * Data, "Query Parameters", `_since`), so a watermark has, as the mark of a cohort, a time and a set of patients:
 *
 *   the patients of whom exports of this Group have stored something (the `level` of a resource's source), without its `lacks`
 *
 *   every export of the Group   a patient who is not in the set is noted in `lacks`: `joined`
 *   end of one since `last`     their whole records are requested by further slices, as those of new members of a cohort: `requested`.
 *                               A slice that has everything removes them from `lacks`
 *   the next one since `last`   requests everything if the EHR does not know `patient`, or if a slice had not everything
 *   end of one of everything    removes all from `lacks`, and notes stored patients whom it did not contain: `left`
 *
 * It does not concern the Group of a whole practice: a patient who is new in it is new at the EHR. A member of whom nothing has changed is not in
 * an export of changes, so the next one of everything is the first that shows the member.
 */

import { hasParameter, type ParametersOf } from '@bulkhead/ehr/providers';
import { isNarrowed } from '@bulkhead/fhir';
import type { ResourceDocument, ResourceWriter } from '@bulkhead/records';
import { type BulkExport, settledTime } from '../bulk-export.record.ts';
import type { BulkExportDeps } from '../export-deps.ts';
import { sentSince } from '../sent-request.ts';
import type { Lack, WatermarkDecision } from '../watermarks/watermark.record.ts';
import { maxCohortPatients } from './cohort.record.ts';
import { inPieces, patientsPerRequest } from './plan-slices.ts';
import type { Slice } from './slice.record.ts';
import { currentSlice } from './slice.ts';

type Store = Pick<BulkExportDeps<'bulkExports' | 'resources' | 'watermarks'>, 'store'>;

/** Whether the current slice is of patients who have joined a Group. Their export proves nothing about the Group. */
export function isOfJoined(record: Pick<BulkExport, 'request' | 'slices' | 'slice'>): boolean {
  const { cohort, patients } = record.request;
  return cohort === undefined && patients === undefined && currentSlice(record) !== undefined;
}

function levelOf({ connectionId, request }: Pick<BulkExport, 'connectionId' | 'request'>) {
  return { connectionId, exportType: request.exportType };
}

/** Whether an export shows who is in a Group whose members can change. */
function showsMembers(record: BulkExport): record is BulkExport & { readonly level: string } {
  return record.hasMembers === true && record.level !== undefined && !isOfJoined(record);
}

/** Whether an export of everything of a Group shows who is not in it. */
export function showsAllMembers(record: BulkExport): boolean {
  return showsMembers(record) && sentSince(record) === undefined && !isNarrowed(record.request);
}

/** A writer that notes the patients of its resources who are not in the set. */
export function withMembers(
  { store, now }: Store & Pick<BulkExportDeps<never>, 'now'>,
  { record, writer }: { readonly record: BulkExport; readonly writer: ResourceWriter },
): ResourceWriter {
  if (!showsMembers(record)) return writer;
  const { connectionId, level, id: exportId } = record;
  const ofLevel = levelOf(record);
  // Once for a file: who has left is noted at the end of an export of everything.
  let left: Promise<ReadonlySet<string>> | undefined;
  const seen = new Set<string>();
  let count = 0;
  const findJoined = async (resourceType: string, patients: readonly string[]) => {
    left ??= listLeft(store, record);
    const unknown = await store.resources.findUnknownAt({
      connectionId,
      resourceType,
      level,
      patients,
      except: exportId,
    });
    const gone = await left;
    return patients.filter((id) => unknown.includes(id) || gone.has(id));
  };
  return {
    // Before the write. If an attempt that wrote them died, nothing would say afterwards that only this export knows them.
    async write(resourceType, documents) {
      const named = new Set(documents.flatMap((document) => patientsIn(resourceType, document)));
      const patients = [...named].filter((id) => !seen.has(id));
      // Before the first export of everything has ended there is nothing that could lack them.
      if (patients.length > 0 && (await store.watermarks.hasAny(ofLevel))) {
        const joined = await findJoined(resourceType, patients);
        count += joined.length;
        if (count > maxCohortPatients) await store.watermarks.forget(ofLevel);
        else await store.watermarks.addLacks({ ...ofLevel, patients: joined, at: now(), exportId, state: 'joined' });
        for (const id of patients) seen.add(id);
      }
      return writer.write(resourceType, documents);
    },
  };
}

/** A Patient can name others, who need not be members. */
function patientsIn(resourceType: string, { resourceId, deleted, keys }: ResourceDocument): readonly string[] {
  if (deleted) return [];
  return resourceType === 'Patient' ? [resourceId] : (keys.about ?? [keys.patient ?? []].flat());
}

async function listLeft(store: Store['store'], record: BulkExport): Promise<ReadonlySet<string>> {
  const lacks = await store.watermarks.listLacks({ ...levelOf(record), resourceTypes: record.request.resourceTypes });
  return new Set(idsOf(lacks, 'left'));
}

function idsOf(lacks: readonly Lack[], ...states: readonly Lack['state'][]): string[] {
  return [...new Set(lacks.filter(({ state }) => states.includes(state)).map(({ patient }) => patient))];
}

/** Why an export since the last one must request everything. @returns undefined if it need not */
export async function whyFull(
  { store }: Store,
  { record, session }: { readonly record: BulkExport; readonly session: ParametersOf },
): Promise<string | undefined> {
  const lacks = await store.watermarks.listLacks({ ...levelOf(record), resourceTypes: record.request.resourceTypes });
  const [joined, requested] = [idsOf(lacks, 'joined').length, idsOf(lacks, 'requested').length];
  const isAskedFor = hasParameter(session, 'patient') && joined <= maxCohortPatients;
  if (requested === 0 && (joined === 0 || isAskedFor)) return undefined;
  const cause =
    requested > 0 ? 'an export of their whole records has not ended' : 'the EHR does not export single patients';
  return `${joined + requested} patients have joined the Group since the last export of everything, and ${cause}, so this export requests all data.`;
}

/** At the end of an export of changes: the slices with the whole records of those who have joined. Empty if the next export requests everything. */
export async function slicesOfJoined(
  { store }: Store,
  { record, session }: { readonly record: BulkExport; readonly session: ParametersOf },
): Promise<readonly Slice[]> {
  if (!showsMembers(record) || isNarrowed(record.request) || sentSince(record) === undefined) return [];
  const level = levelOf(record);
  const lacks = await store.watermarks.listLacks({ ...level, resourceTypes: record.request.resourceTypes });
  const patients = idsOf(lacks, 'joined');
  if (patients.length === 0) return [];
  const canRequest = hasParameter(session, 'patient') && patients.length <= maxCohortPatients;
  if (!canRequest) {
    const message = `${patients.length} patients have joined the Group. An export of changes need not have their older data, so the next export with since \`last\` requests all data.`;
    await store.bulkExports.warn({ id: record.id, code: 'members-joined', message });
  }
  // Who asks for the changes of a time gets no more. The next export since the last one requests their records.
  if (!canRequest || record.request.sinceLast !== true) return [];
  await store.watermarks.requestLacks({ ...level, patients });
  return inPieces({ patients, since: undefined, size: patientsPerRequest(session.provider) });
}

/** What an earlier slice of the same export has stored of the patients of the current one. */
export function reachedBefore({ slices = [], slice = 0 }: BulkExport): Slice['reached'] {
  const patients = slices[slice]?.patients.join();
  return slices.slice(0, slice).find((other) => other.patients.join() === patients)?.reached;
}

/** At the end of an export of everything: notes who has left the Group, and says so. */
export async function noteLeft(
  { store, now }: Store & Pick<BulkExportDeps<never>, 'now'>,
  { record, decisions }: { readonly record: BulkExport; readonly decisions: readonly WatermarkDecision[] },
): Promise<void> {
  const isProven = decisions.some(({ resourceType, reasons }) => resourceType === 'Patient' && reasons.length === 0);
  if (!isProven || !showsAllMembers(record) || !showsMembers(record)) return;
  const { connectionId, level, id } = record;
  const since = settledTime(record).at;
  const patients = await store.resources.findPatientsUnseen({
    connectionId,
    level,
    since,
    limit: maxCohortPatients + 1,
  });
  if (patients.length === 0) return;
  const isTooMany = patients.length > maxCohortPatients;
  if (isTooMany) await store.watermarks.forget(levelOf(record));
  else await store.watermarks.addLacks({ ...levelOf(record), patients, at: now(), exportId: id, state: 'left' });
  const next = isTooMany ? ' The next export with since `last` requests all data.' : '';
  const message = `${isTooMany ? `More than ${maxCohortPatients}` : patients.length} stored patients are no longer in the Group. Their records stay stored, and exports of the Group do not keep them current.${next}`;
  await store.bulkExports.warn({ id, code: 'members-left', message });
}
