import type { paths } from '@bulkhead/client';

type SyncRequest = paths['/api/ehr/{provider}/enhanced-sync']['post']['requestBody']['content']['application/json'];

export interface SyncForm {
  readonly connectionId: string;
  readonly includeStandard: boolean;
  readonly includeEnhanced: boolean;
  readonly resourceTypes: readonly string[];
  readonly patients: readonly string[];
}

/** The types of the integration guide. The standard types are selected together. */
export const enhancedTypes = ['DiagnosticReport', 'CarePlan', 'Encounter', 'Appointment', 'DocumentReference'];

export const emptySyncForm: SyncForm = {
  connectionId: '',
  includeStandard: true,
  includeEnhanced: true,
  resourceTypes: [],
  patients: [],
};

export function toSyncRequest({ resourceTypes, patients, ...rest }: SyncForm): SyncRequest {
  return {
    ...rest,
    ...(resourceTypes.length === 0 || !rest.includeEnhanced ? {} : { resourceTypes: [...resourceTypes] }),
    ...(patients.length === 0 ? {} : { patients: [...patients] }),
  };
}
