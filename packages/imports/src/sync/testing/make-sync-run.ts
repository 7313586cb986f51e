import { randomUUID } from 'node:crypto';
import type { SyncRun } from '../sync-run.record.ts';

export function makeSyncRun(change: Partial<SyncRun> = {}): SyncRun {
  return {
    id: `sync_${randomUUID()}`,
    connectionId: 'conn_1',
    provider: 'athenahealth',
    request: { includeStandard: true, includeEnhanced: true, resourceTypes: [], patients: [] },
    phase: 'queued',
    version: 1,
    types: [],
    skipped: [],
    warnings: [],
    createdAt: new Date('2024-01-15T10:00:00Z'),
    ...change,
  };
}
