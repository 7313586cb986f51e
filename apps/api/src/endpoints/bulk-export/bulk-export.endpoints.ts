import { endpointGroup } from '@bulkhead/http';
import { eventStreamResponse, page } from '@bulkhead/http/schemas';
import { isTerminal } from '@bulkhead/imports/export';
import {
  bulkExportQuerySchema,
  exportEventViewSchema,
  exportStatusQuerySchema,
  exportViewSchema,
  outputFileViewSchema,
  toEventView,
  toFileView,
  toStatusView,
} from '@bulkhead/imports/export/commands';
import { pageOf, shortListQuery } from '@bulkhead/store';
import { defineEndpoint } from '../../define-endpoint.ts';
import { exportEventsExample, exportExample, exportResponse, outputFileExample } from './bulk-export.examples.ts';
import { exportActions, startExport } from './start-export.endpoint.ts';

const listExports = defineEndpoint({
  id: 'listBulkExports',
  route: 'GET /api/ehr/:provider/bulk-export',
  action: exportActions.list,
  summary: 'List bulk exports, newest first',
  description:
    'Returns the exports of all connections that the key may use, or of one connection. Use it to find the id of an export, or exports with a status. The files and the issues of an export are read one by one.',
  request: { query: bulkExportQuerySchema },
  responses: { 200: page('A page of exports, newest first', { item: exportViewSchema, example: [exportExample] }) },
  errors: ['unknown-connection'],
  async handler({ params: { provider }, query, caller: { scope, view }, services }) {
    const { items, next } = await services.bulkExports.list({ provider, scope, query });
    return { data: items.map((item) => toStatusView({ ...item, ...view })), next };
  },
});

/** The same number as the list returns by default. */
const limit = bulkExportQuerySchema.shape.limit.parse(undefined);

const watchExports = defineEndpoint({
  id: 'watchBulkExports',
  route: 'GET /api/ehr/:provider/bulk-export/events',
  action: exportActions.list,
  summary: 'Stream the newest bulk exports as they change',
  description:
    'Sends the newest exports as server-sent events, so that a page or a script need not poll. It reports changes of at most the newest 50 exports.',
  request: { query: bulkExportQuerySchema.pick({ connectionId: true }) },
  responses: eventStreamResponse({ exports: 'an array of the newest 50 `Export`, as the list returns them' }),
  errors: ['unknown-connection'],
  handler({ params: { provider }, query: { connectionId }, caller: { scope, view }, services, streamEvents }) {
    return streamEvents(async () => {
      const { items } = await services.bulkExports.list({ provider, scope, query: { connectionId, limit } });
      return { events: [{ name: 'exports', data: items.map((item) => toStatusView({ ...item, ...view })) }] };
    });
  },
});

/** Endpoint 2 of the guide. */
const getExport = defineEndpoint({
  id: 'getBulkExport',
  route: 'GET /api/ehr/:provider/bulk-export/:jobId',
  action: exportActions.read,
  summary: 'Return the status of a bulk export',
  description:
    'Returns how far the export is, and in the end what was stored. Poll it every few seconds, or wait for the webhook. A completed export has `outputUrls`. `partial`, `warnings` and `watermarks` show whether something is missing.',
  request: { query: exportStatusQuerySchema },
  responses: { 200: exportResponse('The status of the export') },
  errors: ['unknown-export'],
  async handler({ params: { provider, jobId: id }, query, caller: { scope, view }, services, audit }) {
    const summed = await services.bulkExports.get({ provider, id, scope });
    const { record } = summed;
    const isCompleted = record.phase === 'completed';
    const files = isCompleted ? await services.bulkExports.listFiles({ provider, id, scope }) : [];
    audit.addTarget({ connectionId: record.connectionId });
    audit.isShown = files.length > 0;
    return { data: toStatusView({ ...summed, files, ...view, withSignedUrls: query.signedUrls }) };
  },
});

const watchExport = defineEndpoint({
  id: 'watchBulkExport',
  route: 'GET /api/ehr/:provider/bulk-export/:jobId/events',
  action: exportActions.read,
  summary: 'Stream the status and the files of a bulk export as they change',
  description:
    'Read the list of files once, again when `counts.files` grows, and again after `end`. The stream reports only files that change.',
  responses: eventStreamResponse({
    export: 'an `Export` without `outputUrls`. Its counts may be a few seconds old if the export has many files',
    files: 'an array of at most 500 `OutputFile`: active files, and files that have ended since the last event',
    end: 'an empty object. The export has ended',
  }),
  errors: ['unknown-export'],
  handler({ params: { provider, jobId: id }, caller: { scope, view }, services, audit, streamEvents }) {
    const readNext = services.bulkExports.watch({ provider, id, scope });
    return streamEvents(async () => {
      const { files, ...summed } = await readNext();
      const { record } = summed;
      audit.addTarget({ connectionId: record.connectionId });
      if (files.length > 0) audit.isShown = true;
      const status = { name: 'export', data: toStatusView({ ...summed, ...view }) };
      const changed = files.length > 0 ? [{ name: 'files', data: files.map((file) => toFileView(file, view)) }] : [];
      return { events: [status, ...changed], isOver: isTerminal(record.phase) };
    });
  },
});

const cancelExport = defineEndpoint({
  id: 'cancelBulkExport',
  route: 'DELETE /api/ehr/:provider/bulk-export/:jobId',
  action: exportActions.cancel,
  summary: 'Cancel a bulk export',
  description:
    'Ends a running export at once, and deletes it at the EHR. What it has stored until then stays. To cancel a cancelled export again changes nothing.',
  responses: { 200: exportResponse('The export in its final state') },
  errors: ['unknown-export', 'export-ended'],
  async handler({ params: { provider, jobId: id }, caller: { apiKey, scope, view }, services, audit }) {
    const { record, isChanged } = await services.bulkExports.cancel({ provider, id, scope, by: apiKey.name });
    audit.addTarget({ connectionId: record.connectionId });
    audit.setChanged(isChanged);
    return { data: toStatusView({ record, ...view }) };
  },
});

const retryExport = defineEndpoint({
  id: 'retryBulkExport',
  route: 'POST /api/ehr/:provider/bulk-export/:jobId/retry',
  action: exportActions.retry,
  summary: 'Retry a failed export: fetch what is missing',
  description:
    'Continues a failed export, or a completed one with failed files, and fetches only what is missing. If the export is lost at the EHR, it is started again there. To retry a running export changes nothing.',
  request: { body: { isOptional: true } },
  responses: { 202: exportResponse('The export continues') },
  errors: ['unknown-export', 'nothing-to-retry', 'export-already-running'],
  async handler({ params: { provider, jobId: id }, caller: { apiKey, scope, view }, services, audit }) {
    const { record, isChanged } = await services.bulkExports.retry({ provider, id, scope, by: apiKey.name });
    audit.addTarget({ connectionId: record.connectionId });
    audit.setChanged(isChanged);
    return { data: toStatusView({ record, ...view }), location: `/api/ehr/${record.provider}/bulk-export/${id}` };
  },
});

const listOutputFiles = defineEndpoint({
  id: 'listOutputFiles',
  route: 'GET /api/ehr/:provider/bulk-export/:jobId/files',
  action: exportActions.read,
  summary: 'List the files of a bulk export, with the counts of their lines (the ledger)',
  description:
    'Returns one entry for each file of the manifest, with the outcome of every line: stored, unchanged, stale, quarantined or deleted. Use it to find out what is missing in an export, and why.',
  request: { query: exportStatusQuerySchema.extend(shortListQuery.shape) },
  responses: { 200: page('The files of the export', { item: outputFileViewSchema, example: [outputFileExample] }) },
  errors: ['unknown-export'],
  async handler({ params: { provider, jobId: id }, query, caller: { scope, view }, services, audit }) {
    const { record } = await services.bulkExports.get({ provider, id, scope });
    const files = await services.bulkExports.listFiles({ provider, id, scope });
    const { items, next } = pageOf(files, query, (file) => file.id);
    audit.addTarget({ connectionId: record.connectionId });
    audit.isShown = items.length > 0;
    const reader = { ...view, withSignedUrls: query.signedUrls };
    return { data: items.map((file) => toFileView(file, reader)), next };
  },
});

const listExportEvents = defineEndpoint({
  id: 'listExportEvents',
  route: 'GET /api/ehr/:provider/bulk-export/:jobId/log',
  action: exportActions.readLog,
  summary: 'List what happened to a bulk export, oldest first',
  description: 'The last 200 events of the export and the last 200 of its files.',
  request: { query: shortListQuery },
  responses: {
    200: page('A page of events, oldest first', { item: exportEventViewSchema, example: exportEventsExample }),
  },
  errors: ['unknown-export'],
  async handler({ params: { provider, jobId: id }, query, caller: { scope, view }, services }) {
    const { items, next } = pageOf(await services.bulkExports.listEvents({ provider, id, scope }), query);
    return { data: items.map((event) => toEventView(event, view)), next };
  },
});

export const bulkExportEndpoints = endpointGroup({
  name: 'Bulk exports',
  description: 'FHIR bulk exports of a whole practice, from the kick-off to the last stored line.',
  endpoints: [
    startExport,
    listExports,
    watchExports,
    getExport,
    watchExport,
    cancelExport,
    retryExport,
    listOutputFiles,
    listExportEvents,
  ],
});
