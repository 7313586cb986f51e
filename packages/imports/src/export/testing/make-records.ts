import { randomUUID } from 'node:crypto';
import { newId } from '@bulkhead/base';
import { type BulkExport, noCounts } from '../bulk-export.record.ts';
import { emptyCheckpoint, type OutputFile } from '../output-file.record.ts';
import type { CohortMark } from '../patients/cohort-mark.ts';

export function makeBulkExport(change: Partial<BulkExport> = {}): BulkExport {
  return {
    id: newId('job'),
    connectionId: 'conn_1',
    provider: 'athenahealth',
    request: { exportType: 'Patient', resourceTypes: ['Patient'] },
    phase: 'queued',
    version: 1,
    pollCount: 0,
    pollErrors: 0,
    warnings: [],
    counts: noCounts,
    createdAt: new Date('2024-01-15T10:00:00Z'),
    ...change,
  };
}

export function makeCohortMark(change: Partial<CohortMark> = {}): CohortMark {
  const at = new Date('2024-01-15T10:00:00Z');
  return {
    id: `${change.connectionId ?? 'conn_1'}/panel/Patient/*`,
    connectionId: 'conn_1',
    cohort: 'panel',
    exportType: 'Patient',
    types: '*',
    patients: ['p1'],
    transactionTime: at.toISOString(),
    at,
    deletionsAt: at,
    exportId: 'job_1',
    coverage: {},
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
