import { at, connectionId, exportId, later, responseWith } from '@bulkhead/http/schemas';
import { exportViewSchema } from '@bulkhead/imports/export/commands';

export const statusUrl = 'https://api.platform.athenahealth.com/fhir/r4/bulkstatus/a16e5f3bf287e933a4';
const fileUrl = 'https://api.platform.athenahealth.com/fhir/r4/bulkdata/a16e5f3bf287e933a4/Patient.ndjson';

export const exportExample = {
  id: exportId,
  connectionId,
  status: 'COMPLETED',
  outputUrls: [fileUrl],
  startedAt: at,
  completedAt: later,
  phase: 'completed',
  timeline: [
    { phase: 'queued', at },
    { phase: 'kicking-off', at },
    { phase: 'exporting', at },
    { phase: 'downloading', at: later },
    { phase: 'finalizing', at: later },
    { phase: 'completed', at: later },
  ],
  statusUrl,
  request: { exportType: 'Patient', resourceTypes: ['Patient'] },
  counts: {
    files: 1,
    filesCompleted: 1,
    filesFailed: 0,
    filesSkipped: 0,
    promised: 200,
    stored: 200,
    unchanged: 0,
    stale: 0,
    quarantined: 0,
    deleted: 0,
    bytes: 204_800,
  },
  issues: [],
  warnings: [],
  droppedParameters: [],
};

export const exportResponse = responseWith(exportViewSchema, exportExample);

export const outputFileExample = {
  id: 'file_01a20ebbcb0e7c6ab4f1a5e2ed1b4f11',
  section: 'output',
  type: 'Patient',
  url: fileUrl,
  state: 'completed',
  promisedCount: 200,
  bytes: 204_800,
  lines: 200,
  stored: 200,
  unchanged: 0,
  stale: 0,
  quarantined: 0,
  deleted: 0,
  issues: [],
  attempts: 1,
  startedAt: at,
  completedAt: later,
};

export const exportEventsExample = [
  { at, kind: 'phase', phase: 'queued', by: 'nightly import', message: 'The export was requested.' },
  { at, kind: 'phase', phase: 'kicking-off', message: 'A worker sends the kick-off to the EHR.' },
  { at, kind: 'phase', phase: 'exporting', message: 'The EHR has accepted the kick-off.' },
  {
    at,
    kind: 'waiting',
    code: 'ehr-throttled',
    message: 'The EHR asked for fewer requests. The work continues automatically after a wait.',
    attempts: 1,
    nextAttemptAt: later,
  },
  { at: later, kind: 'progress', message: 'The EHR has reported progress: 50 %.' },
  { at: later, kind: 'phase', phase: 'downloading', message: 'The EHR has sent the manifest. The downloads begin.' },
];
