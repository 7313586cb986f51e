import { randomUUID } from 'node:crypto';
import {
  type BulkExport,
  emptyCheckpoint,
  noCounts,
  type OutputFile,
  type Schedule,
  type SyncRun,
} from '@bulkhead/domain';

export function makeBulkExport(change: Partial<BulkExport> = {}): BulkExport {
  return {
    id: `job_${randomUUID()}`,
    connectionId: 'conn_1',
    provider: 'athenahealth',
    request: { exportType: 'Patient', resourceTypes: ['Patient'] },
    phase: 'queued',
    version: 1,
    pollCount: 0,
    pollErrors: 0,
    droppedParameters: [],
    warnings: [],
    counts: noCounts,
    createdAt: new Date('2024-01-15T10:00:00Z'),
    ...change,
  };
}

export function makeOutputFile(change: Partial<OutputFile> = {}): OutputFile {
  return {
    id: `file_${randomUUID()}`,
    exportId: 'job_1',
    connectionId: 'conn_1',
    section: 'output',
    type: 'Patient',
    url: 'http://ehr.example/bulkdata/Patient.ndjson',
    requiresAccessToken: true,
    state: 'pending',
    checkpoint: emptyCheckpoint,
    attempts: 0,
    ...change,
  };
}

/** Every night at two, for the first time on 2 May 2026. */
export function makeSchedule(change: Partial<Schedule> = {}): Schedule {
  return {
    id: `sched_${randomUUID()}`,
    connectionId: 'conn_1',
    provider: 'athenahealth',
    kind: 'export',
    request: {},
    cron: '0 2 * * *',
    timeZone: 'UTC',
    spreadMs: 0,
    paused: false,
    version: 1,
    nextRunAt: new Date('2026-05-02T02:00:00Z'),
    createdAt: new Date('2026-05-01T10:00:00Z'),
    ...change,
  };
}

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
