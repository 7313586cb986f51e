import { at, connectionId, later, responseWith, runId } from '@bulkhead/http/schemas';
import { syncRunDetailSchema } from '@bulkhead/imports/sync/commands';

const skipped = [
  {
    resourceType: 'Appointment',
    reason:
      'athenahealth searches appointments by `_id` or by a named query only (its documentation, and its CapabilityStatement of 2026-08-14)',
    always: true,
  },
];

export const syncedExample = { standardResources: 3719, enhancedResources: 1566, total: 5285, id: runId, skipped };

export const syncRunExample = {
  id: runId,
  connectionId,
  status: 'IN_PROGRESS',
  request: { includeStandard: true, includeEnhanced: true, resourceTypes: [], patients: [] },
  types: ['Patient', 'Observation'],
  skipped,
  patients: 200,
  createdAt: at,
  startedAt: at,
  warnings: [],
};

export const syncRunDetailExample = {
  ...syncRunExample,
  ...syncedExample,
  status: 'COMPLETED',
  completedAt: later,
  requests: 204,
  minimumRequests: 204,
  byType: [
    {
      resourceType: 'Observation',
      searches: 200,
      completed: 200,
      incomplete: 0,
      failed: 0,
      requests: 200,
      pages: 200,
      fetched: 1566,
      stored: 1566,
      unchanged: 0,
      stale: 0,
      rejected: 0,
    },
  ],
  retrying: [],
};

export const syncRunDetailResponse = responseWith(syncRunDetailSchema, syncRunDetailExample);

export const syncEventsExample = [
  { at, kind: 'phase', phase: 'queued', by: 'nightly import', message: 'The sync was requested.' },
  { at, kind: 'phase', phase: 'running', message: 'The searches are planned and begin.' },
  {
    at,
    kind: 'search-waiting',
    resourceType: 'Observation',
    code: 'ehr-throttled',
    message: 'The EHR asked for fewer requests. The work continues automatically after a wait.',
    attempts: 1,
    nextAttemptAt: later,
    count: 16,
    lastAt: later,
  },
  { at: later, kind: 'phase', phase: 'completed', message: 'The sync has completed.' },
];
