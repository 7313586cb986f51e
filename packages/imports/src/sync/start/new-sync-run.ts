import { newId, present } from '@bulkhead/base';
import type { SyncRun } from '../sync-run.record.ts';
import type { SyncBody } from './sync.schema.ts';

/** Makes the record of a new enhanced sync. */
export function newSyncRun({ provider, body }: { readonly provider: string; readonly body: SyncBody }): SyncRun {
  const { connectionId, includeStandard, includeEnhanced, resourceTypes = [], since, patients = [] } = body;
  const { callbackUrl, includeOthers, includeAppointments, includeReferences } = body;
  return {
    id: newId('sync'),
    connectionId,
    provider,
    request: {
      includeStandard,
      includeEnhanced,
      resourceTypes,
      patients,
      ...present({ includeOthers, includeAppointments, includeReferences }),
      ...(since === undefined ? {} : { since }),
    },
    phase: 'queued',
    version: 1,
    types: [],
    skipped: [],
    warnings: [],
    ...(callbackUrl === undefined ? {} : { callbackUrl }),
    createdAt: new Date(),
  };
}
