import { pipeline } from 'node:stream/promises';
import { anyPatient } from '@bulkhead/access/audit';
import { defineActions, endpointGroup, parseJson } from '@bulkhead/http';
import { at, connectionId, count, exportId, later, page, success } from '@bulkhead/http/schemas';
import {
  dismissBodySchema,
  groupsQuerySchema,
  lineGroupViewSchema,
  quarantineQuerySchema,
  quarantineViewSchema,
  replayBodySchema,
  toLineGroupView,
  toQuarantineView,
} from '@bulkhead/records/quarantine/commands';
import { raw } from 'express';
import { z } from 'zod';
import { defineEndpoint } from '../../define-endpoint.ts';

const quarantineActions = defineActions('quarantine', {
  describe: { keys: 'client', people: 'viewer', audited: false },
  dismiss: { keys: 'operator', people: 'operator' },
  // The response says which lines were rejected and why, but contains none of their content.
  list: { keys: 'client', people: 'viewer', audited: false },
  read: { keys: 'operator', people: 'operator' },
  replay: { keys: 'operator', people: 'operator' },
});

const quarantinedLineExample = {
  id: 'file_01a20ebbcb0e7c6ab4f1a5e2ed1b4f11.42',
  connectionId,
  runId: exportId,
  fileId: 'file_01a20ebbcb0e7c6ab4f1a5e2ed1b4f11',
  resourceType: 'Observation',
  line: 42,
  offset: 43_008,
  reason: 'invalid-json',
  state: 'open',
  sizeBytes: 812,
  keptBytes: 812,
  isTruncated: false,
  sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  isCorrected: false,
  createdAt: later,
};

const listQuarantinedLines = defineEndpoint({
  id: 'listQuarantinedLines',
  route: 'GET /api/ehr/quarantine',
  action: quarantineActions.list,
  summary: 'List quarantined lines and entries, with the reason',
  description:
    'Returns where each line was, and why it could not be stored. The content is not part of the response: an operator can read it line by line.',
  request: { query: quarantineQuerySchema, readBody: 'never' },
  responses: {
    200: page('A page of lines: of one export or file in the order of positions, otherwise the newest first', {
      item: quarantineViewSchema,
      example: [quarantinedLineExample],
      hasTotal: true,
    }),
  },
  errors: ['unknown-connection'],
  async handler({ query, caller: { scope }, services }) {
    const { items, next, total } = await services.quarantine.list({ query, scope });
    return { data: items.map(toQuarantineView), next, total };
  },
});

const replayQuarantinedLines = defineEndpoint({
  id: 'replayQuarantinedLines',
  route: 'POST /api/ehr/quarantine/replay',
  action: quarantineActions.replay,
  summary: 'Retry the quarantined lines of an export, a file or a sync run',
  description:
    'Tries to store the open lines again, for example after an update that understands them. Lines of which only a part is kept are left out. Poll the list to see the result.',
  request: { body: { schema: replayBodySchema, example: { runId: exportId } }, readBody: parseJson() },
  responses: {
    202: success('The lines are being retried', {
      data: z
        .strictObject({ count: count.describe('The number of lines that a worker tries to store again.') })
        .meta({ id: 'ReplayedLines', description: 'How many lines are being retried.' }),
      example: { count: 3 },
    }),
  },
  errors: ['unknown-export', 'unknown-file'],
  async handler({ body, caller: { scope }, services, audit }) {
    const replayed = await services.quarantine.replayAll({ body, scope });
    audit.setChanged(replayed > 0);
    const { runId, fileId } = body;
    const selected = new URLSearchParams(runId === undefined ? { fileId: fileId ?? '' } : { runId });
    return { data: { count: replayed }, location: `/api/ehr/quarantine?${selected}` };
  },
});

const dismissQuarantinedLines = defineEndpoint({
  id: 'dismissQuarantinedLines',
  route: 'POST /api/ehr/quarantine/dismiss',
  action: quarantineActions.dismiss,
  summary: 'Dismiss quarantined lines that are not needed',
  description:
    'Marks the open lines as not needed. They no longer appear in the health report or among the open lines. They keep their content until their retention ends, and can still be replayed one by one.',
  request: {
    body: { schema: dismissBodySchema, example: { runId: exportId, reason: 'invalid-json' } },
    readBody: parseJson(),
  },
  responses: {
    200: success('The lines are dismissed', {
      data: z
        .strictObject({ count: count.describe('The number of lines that were dismissed.') })
        .meta({ id: 'DismissedLines', description: 'How many lines were dismissed.' }),
      example: { count: 3 },
    }),
  },
  errors: ['unknown-line', 'unknown-export', 'unknown-file'],
  async handler({ body, caller: { scope }, services, audit }) {
    const dismissed = await services.quarantine.dismiss({ body, scope });
    audit.addTarget(body.runId === undefined ? {} : { runId: body.runId });
    audit.addTarget(body.id === undefined ? {} : { id: body.id });
    audit.setChanged(dismissed > 0);
    return { data: { count: dismissed } };
  },
});

const listQuarantineGroups = defineEndpoint({
  id: 'listQuarantineGroups',
  route: 'GET /api/ehr/quarantine/groups',
  action: quarantineActions.list,
  summary: 'List quarantined lines by reason and run',
  description:
    'Returns how many lines of each export or sync run could not be stored, for each reason, the newest group first. A group can be replayed or dismissed with its `runId` and `reason`.',
  request: { query: groupsQuerySchema, readBody: 'never' },
  responses: {
    200: page('A page of groups, the newest first', {
      item: lineGroupViewSchema,
      example: [{ connectionId, runId: exportId, reason: 'invalid-json', count: 300, firstAt: at, lastAt: later }],
    }),
  },
  errors: ['unknown-connection'],
  async handler({ query, caller: { scope }, services }) {
    const { items, next } = await services.quarantine.groups({ query, scope });
    return { data: items.map(toLineGroupView), next };
  },
});

const getQuarantinedLine = defineEndpoint({
  id: 'getQuarantinedLine',
  route: 'GET /api/ehr/quarantine/:id',
  action: quarantineActions.describe,
  summary: 'Return the metadata of a quarantined line: its position, and why it was rejected',
  description:
    'Returns the position, the size and the reason of one line, and when it was last tried again. It contains nothing of the content.',
  request: { readBody: 'never' },
  responses: {
    200: success('The position of the line and the reason', {
      data: quarantineViewSchema,
      example: quarantinedLineExample,
    }),
  },
  errors: ['unknown-line'],
  async handler({ params: { id }, caller: { scope }, services }) {
    return { data: toQuarantineView(await services.quarantine.find({ id, scope })) };
  },
});

const readQuarantinedLine = defineEndpoint({
  id: 'readQuarantinedLine',
  route: 'GET /api/ehr/quarantine/:id/line',
  action: quarantineActions.read,
  summary: 'Return the content of a quarantined line',
  description:
    'Returns the bytes of the line as the EHR sent them. They can be data of any patient, so only operators may read them, and every read is an event of the audit log.',
  request: { readBody: 'never' },
  responses: {
    200: {
      description: 'The bytes as the EHR sent them. Of a line over 16 MB, only the first 16 MB are kept',
      contentType: 'application/octet-stream',
    },
  },
  errors: ['unknown-line', 'line-not-kept'],
  async handler({ params: { id }, caller: { scope }, services, audit, response }) {
    const { entry, bytes } = await services.quarantine.open({ id, scope });
    audit.addTarget({ connectionId: entry.connectionId });
    // A line that is not a resource can be about any patient.
    audit.addPatients([anyPatient]);
    // The content is not checked, so a browser must not show it.
    response.set({
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment; filename="line.ndjson"',
    });
    await pipeline(bytes, response);
  },
});

/** An encrypted correction is a third longer than its text and must fit into a document of 16 MB. */
const maxCorrection = '10mb';

const replayQuarantinedLine = defineEndpoint({
  id: 'replayQuarantinedLine',
  route: 'POST /api/ehr/quarantine/:id/replay',
  action: quarantineActions.replay,
  summary: 'Retry a quarantined line, unchanged or with a corrected line as the body',
  description:
    'Tries to store one line again and waits some seconds for the result. With a body, that corrected line is stored instead, and the original is kept. `state` is `replayed` if it is stored, or `open` with the new reason.',
  request: {
    body: {
      description:
        'The corrected line: one resource as JSON, at most 10 MB. Without a body the line is tried as it is.',
      contentType: 'application/fhir+json',
      isOptional: true,
    },
    // Bytes and not JSON: parsing would change the text of numbers.
    readBody: raw({ type: () => true, limit: maxCorrection }),
  },
  responses: {
    200: success('The line after the retry', { data: quarantineViewSchema, example: quarantinedLineExample }),
  },
  errors: ['unknown-line', 'line-truncated'],
  async handler({ params: { id }, caller: { scope }, services, audit, request }) {
    const correction = Buffer.isBuffer(request.body) && request.body.length > 0 ? request.body : undefined;
    const { entry, isChanged } = await services.quarantine.replay({ id, scope, correction });
    audit.addTarget({ connectionId: entry.connectionId });
    audit.setChanged(isChanged);
    return { data: toQuarantineView(entry) };
  },
});

export const quarantineEndpoints = endpointGroup({
  name: 'Quarantine',
  description: 'Lines of files, and entries of searches, that could not be stored.',
  endpoints: [
    listQuarantinedLines,
    listQuarantineGroups,
    replayQuarantinedLines,
    dismissQuarantinedLines,
    getQuarantinedLine,
    readQuarantinedLine,
    replayQuarantinedLine,
  ],
});
