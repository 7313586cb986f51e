/*
 * Appointments that an EHR finds by their ids only: those to which stored Encounters refer, and which are not stored. Their search has as many
 * ids in each request as the provider allows, and `lastId` of the search says how far it came.
 */

import { type EhrSession, searchUrl } from '@bulkhead/ehr';
import { ehrBaseUrls } from '@bulkhead/ehr/providers';
import { readReference } from '@bulkhead/fhir';
import type { SyncDeps } from '../sync-deps.ts';
import type { SyncStep } from '../sync-step.record.ts';

/** The next request. Undefined if every appointment was requested. */
export async function nextAppointments(
  { store }: SyncDeps<'resources'>,
  options: { readonly step: SyncStep; readonly session: EhrSession; readonly after: string | undefined },
): Promise<{ readonly url: string; readonly lastId: string } | undefined> {
  const { step, session, after = '' } = options;
  const { connection, provider } = session;
  const { connectionId } = step;
  const baseUrls = ehrBaseUrls(connection, provider);
  const referred = new Set<string>();
  for (const patientId of step.patientIds) {
    const ids = await store.resources.listOfPatient({ connectionId, patientId, resourceType: 'Encounter' });
    for await (const encounter of store.resources.findByIds({ connectionId, resourceType: 'Encounter', ids }))
      for (const id of appointmentsOf(encounter, baseUrls)) if (id > after) referred.add(id);
  }
  const stored = store.resources.findByIds({ connectionId, resourceType: 'Appointment', ids: [...referred] });
  for await (const appointment of stored) referred.delete((appointment as { readonly id: string }).id);
  const ids = [...referred].toSorted().slice(0, provider.search?.idsPerRequest ?? 1);
  const lastId = ids.at(-1);
  if (lastId === undefined) return undefined;
  return {
    url: searchUrl({ connection, provider, resourceType: 'Appointment', parameters: { _id: ids.join(',') } }),
    lastId,
  };
}

/** `Encounter.appointment`. What an EHR sends can have any shape. */
function appointmentsOf(encounter: unknown, baseUrls: readonly string[]): string[] {
  const { appointment } = encounter as { readonly appointment?: unknown };
  return (Array.isArray(appointment) ? appointment : []).flatMap((element) => {
    const target = readReference(element?.reference, baseUrls);
    return target?.type === 'Appointment' ? [target.id] : [];
  });
}
