import type { AppError } from '@bulkhead/base';
import { defineActions } from '@bulkhead/http';
import { connectionId, runId, success } from '@bulkhead/http/schemas';
import { isSyncActive, syncError } from '@bulkhead/imports/sync';
import {
  type SyncRunState,
  startedSyncSchema,
  syncBodySchema,
  syncedSchema,
  toSyncedView,
  toSyncRunView,
} from '@bulkhead/imports/sync/commands';
import type { Response } from 'express';
import { z } from 'zod';
import { defineEndpoint } from '../../define-endpoint.ts';
import { syncedExample, syncRunExample } from './sync.examples.ts';

export const syncActions = defineActions('sync', {
  cancel: { keys: 'client', people: 'operator' },
  create: { keys: 'client', people: 'operator' },
  list: { keys: 'client', people: 'viewer', audited: false },
  read: { keys: 'client', people: 'viewer', audited: false },
  // It shows neither resources nor patients.
  readLog: { keys: 'client', people: 'viewer', audited: false },
  retry: { keys: 'client', people: 'operator' },
});

/** Clients such as Node's `fetch` give up after 300 seconds without an answer. */
const longestWaitSeconds = 290;
/** More than it takes to store a run and to write an answer. */
const answerTimeMs = 60_000;

/** Endpoint 3 of the guide. */
export const startSync = defineEndpoint({
  id: 'startEnhancedSync',
  route: 'POST /api/ehr/:provider/enhanced-sync',
  action: syncActions.create,
  idempotency: 'answer',
  lastingErrors: ['sync-incomplete', 'sync-cancelled'],
  summary: 'Sync the standard and the enhanced resource types',
  description:
    'Responds when the run is done. If it takes longer than 30 seconds, the response is 202 with the current counts. ' +
    '`Prefer: wait=N` waits for up to N seconds (at most 290) instead, `Prefer: respond-async` does not wait. ' +
    'The response header `Preference-Applied` lists the preferences that were applied.',
  request: {
    headers: z.object({
      prefer: z.string().optional().meta({ description: '`wait=N`, `respond-async` or both (RFC 7240)' }),
    }),
    body: {
      schema: syncBodySchema,
      example: {
        connectionId,
        includeStandard: true,
        includeEnhanced: true,
        resourceTypes: ['DiagnosticReport', 'CarePlan', 'Encounter'],
      },
    },
  },
  responses: {
    200: success('What was synced', { data: syncedSchema, example: syncedExample }),
    202: success('The run continues', {
      data: startedSyncSchema,
      example: {
        standardResources: 0,
        enhancedResources: 0,
        total: 0,
        ...syncRunExample,
        url: `/api/ehr/athenahealth/sync-runs/${runId}`,
      },
    }),
  },
  errors: ['unknown-connection', 'sync-already-running', 'sync-incomplete', 'sync-cancelled'],
  async handler({ params: { provider }, headers, body, caller, services, process, audit, request, response }) {
    audit.addPatients(body.patients ?? []);
    const preferences = readPreferences(headers.prefer);
    const waitMs = waitMsOf(preferences);
    // The wait has its own limit, so the limit for idle sockets must not end it.
    if (waitMs !== undefined) request.setTimeout(waitMs + answerTimeMs);
    const signal = AbortSignal.any([process.stopping, closeSignal(response)]);
    const { scope, apiKey } = caller;
    const state = await services.syncs.start({ provider, body, waitMs, signal, scope, by: apiKey.name });
    const { run } = state;
    audit.addTarget({ connectionId: run.connectionId, id: run.id });
    const isActive = isSyncActive(run);
    const applied = appliedPreferences(preferences, isActive);
    const replyHeaders: Record<string, string> = applied === '' ? {} : { 'Preference-Applied': applied };
    if (isActive) {
      const url = `/api/ehr/${run.provider}/sync-runs/${run.id}`;
      const data = { ...toSyncedView(state), ...toSyncRunView(run, caller.view), url };
      return { status: 202, location: url, data, headers: replyHeaders };
    }
    if (run.phase !== 'completed') throw incomplete(state);
    return { data: toSyncedView(state), headers: replyHeaders };
  },
});

/** Aborts if the client leaves, so that the service stops waiting for the run. */
function closeSignal(response: Response): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => controller.abort());
  return controller.signal;
}

/** Returns undefined if the client leaves the wait to the service. */
function waitMsOf({ respondAsync, waitSeconds }: Preferences): number | undefined {
  if (waitSeconds !== undefined) return Math.min(waitSeconds, longestWaitSeconds) * 1000;
  return respondAsync ? 0 : undefined;
}

function appliedPreferences({ respondAsync, waitSeconds }: Preferences, isActive: boolean): string {
  const applied = respondAsync && isActive ? ['respond-async'] : [];
  if (waitSeconds !== undefined) applied.push(`wait=${Math.min(waitSeconds, longestWaitSeconds)}`);
  return applied.join(', ');
}

/** Some resources were stored, but the response must not look as if the whole run had succeeded. */
function incomplete(state: SyncRunState): AppError {
  const { run } = state;
  const context = { details: { syncRunId: run.id, ...toSyncedView(state) } };
  if (run.phase === 'cancelled') return syncError('sync-cancelled', { context });
  return syncError('sync-incomplete', { message: run.error?.message ?? 'The sync did not complete.', context });
}

/** The preferences of a `Prefer` header (RFC 7240) that this API supports. */
interface Preferences {
  readonly respondAsync: boolean;
  /** How long the client wants to wait for the result. */
  readonly waitSeconds?: number;
}

/** As RFC 7240 requires, an unreadable preference is ignored, and if one is repeated, the first counts. */
export function readPreferences(header = ''): Preferences {
  const preferences = header.split(',').map((preference) => preference.split(';', 1).join('').trim());
  const waitTexts = preferences.flatMap((preference) => waitPattern.exec(preference)?.slice(1) ?? []);
  return {
    respondAsync: preferences.some((preference) => preference.toLowerCase() === 'respond-async'),
    ...(waitTexts[0] === undefined ? {} : { waitSeconds: Number(waitTexts[0]) }),
  };
}

/** The value may be quoted; RFC 7240 allows spaces around the "=". */
const waitPattern = /^wait\s*=\s*"?(\d{1,9})"?$/i;
