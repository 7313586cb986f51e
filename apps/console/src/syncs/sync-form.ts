import type { paths } from '@bulkhead/client';

type SyncRequest = paths['/api/ehr/{provider}/enhanced-sync']['post']['requestBody']['content']['application/json'];

/** The types of the integration guide. The standard types are selected together. */
export const enhancedTypes = ['DiagnosticReport', 'CarePlan', 'Encounter', 'Appointment', 'DocumentReference'];

export type SyncForm = typeof emptySyncForm;

export const emptySyncForm = {
  connectionId: '',
  includeStandard: true,
  includeEnhanced: true,
  includeOthers: true,
  includeAppointments: false,
  includeReferences: false,
  resourceTypes: [] as readonly string[],
  patients: [] as readonly string[],
};

export function toSyncRequest({ resourceTypes, patients, ...rest }: SyncForm): SyncRequest {
  return {
    ...rest,
    ...(resourceTypes.length === 0 || !rest.includeEnhanced ? {} : { resourceTypes: [...resourceTypes] }),
    ...(patients.length === 0 ? {} : { patients: [...patients] }),
  };
}
