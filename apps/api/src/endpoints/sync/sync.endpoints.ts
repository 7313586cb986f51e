import { endpointGroup } from '@bulkhead/http';
import { eventStreamResponse, page } from '@bulkhead/http/schemas';
import { isSyncActive } from '@bulkhead/imports/sync';
import {
  syncEventViewSchema,
  syncListQuerySchema,
  syncRunViewSchema,
  toListedSyncRun,
  toSyncEventView,
  toSyncRunDetail,
} from '@bulkhead/imports/sync/commands';
import { pageOf, shortListQuery } from '@bulkhead/store';
import { defineEndpoint } from '../../define-endpoint.ts';
import { startSync, syncActions } from './start-sync.endpoint.ts';
import { syncEventsExample, syncRunDetailResponse, syncRunExample } from './sync.examples.ts';

const listSyncs = defineEndpoint({
  id: 'listSyncRuns',
  route: 'GET /api/ehr/:provider/sync-runs',
  action: syncActions.list,
  summary: 'List sync runs, newest first',
  description:
    'Returns the runs of all connections that the key may use, or of one connection. Use it to find the id of a run, or to see when a connection was last synced.',
  request: { query: syncListQuerySchema },
  responses: { 200: page('A page of sync runs, newest first', { item: syncRunViewSchema, example: [syncRunExample] }) },
  errors: ['unknown-connection'],
  async handler({ params: { provider }, query, caller: { scope, view }, services }) {
    const { items, next } = await services.syncs.list({ provider, query, scope });
    return { data: items.map((state) => toListedSyncRun(state, view)), next };
  },
});

const getSync = defineEndpoint({
  id: 'getSyncRun',
  route: 'GET /api/ehr/:provider/sync-runs/:id',
  action: syncActions.read,
  summary: 'Return a sync run with counts for each type',
  description:
    'Returns the state of the run, the counts of each type, the number of its requests, and why searches wait or are retried. Poll it after a 202, or wait for the webhook.',
  responses: { 200: syncRunDetailResponse('The run with the counts of each type') },
  errors: ['unknown-run'],
  async handler({ params, caller: { scope, view }, services }) {
    return { data: toSyncRunDetail(await services.syncs.get({ ...params, scope }), view) };
  },
});

const listSyncEvents = defineEndpoint({
  id: 'listSyncEvents',
  route: 'GET /api/ehr/:provider/sync-runs/:id/log',
  action: syncActions.readLog,
  summary: 'List what happened to a sync, oldest first',
  description: 'The last 200 events of the sync and the last 200 of its searches.',
  request: { query: shortListQuery },
  responses: { 200: page('A page of events, oldest first', { item: syncEventViewSchema, example: syncEventsExample }) },
  errors: ['unknown-run'],
  async handler({ params, query, caller: { scope, view }, services }) {
    const { items, next } = pageOf(await services.syncs.listEvents({ ...params, scope }), query);
    return { data: items.map((event) => toSyncEventView(event, view)), next };
  },
});

const watchSync = defineEndpoint({
  id: 'watchSyncRun',
  route: 'GET /api/ehr/:provider/sync-runs/:id/events',
  action: syncActions.read,
  summary: 'Stream a sync run with counts for each type as they change',
  description:
    'Sends the run as server-sent events, so that a page or a script need not poll. Each event has the counts of every type.',
  responses: eventStreamResponse({ 'sync-run': 'a `SyncRunDetail`', end: 'an empty object. The run has ended' }),
  errors: ['unknown-run'],
  handler({ params, caller: { scope, view }, services, streamEvents }) {
    return streamEvents(async () => {
      const state = await services.syncs.get({ ...params, scope });
      const data = toSyncRunDetail(state, view);
      return { events: [{ name: 'sync-run', data }], isOver: !isSyncActive(state.run) };
    });
  },
});

const cancelSync = defineEndpoint({
  id: 'cancelSyncRun',
  route: 'DELETE /api/ehr/:provider/sync-runs/:id',
  action: syncActions.cancel,
  summary: 'Cancel a sync run',
  description:
    'Ends a running sync. Its searches stop at their next page, and what they have stored until then stays. To cancel a cancelled run again changes nothing.',
  responses: { 200: syncRunDetailResponse('The run in its final state') },
  errors: ['unknown-run', 'sync-ended'],
  async handler({ params, caller: { apiKey, scope, view }, services, audit }) {
    const { state, isChanged } = await services.syncs.cancel({ ...params, scope, by: apiKey.name });
    audit.addTarget({ connectionId: state.run.connectionId });
    audit.setChanged(isChanged);
    return { data: toSyncRunDetail(state, view) };
  },
});

const retrySync = defineEndpoint({
  id: 'retrySyncRun',
  route: 'POST /api/ehr/:provider/sync-runs/:id/retry',
  action: syncActions.retry,
  summary: 'Retry a sync run: request again what failed',
  description:
    'Repeats the searches of an ended run that failed. Searches that completed are not sent again. To retry a running run changes nothing.',
  request: { body: { isOptional: true } },
  responses: { 202: syncRunDetailResponse('The run continues') },
  errors: ['unknown-run', 'nothing-to-retry', 'sync-already-running'],
  async handler({ params, caller: { apiKey, scope, view }, services, audit }) {
    const { state, isChanged } = await services.syncs.retry({ ...params, scope, by: apiKey.name });
    audit.addTarget({ connectionId: state.run.connectionId });
    audit.setChanged(isChanged);
    const { provider, id } = state.run;
    return { data: toSyncRunDetail(state, view), location: `/api/ehr/${provider}/sync-runs/${id}` };
  },
});

export const syncEndpoints = endpointGroup({
  name: 'Enhanced syncs',
  description: 'Crawls by patient and type over the REST API.',
  endpoints: [startSync, listSyncs, getSync, listSyncEvents, watchSync, cancelSync, retrySync],
});
