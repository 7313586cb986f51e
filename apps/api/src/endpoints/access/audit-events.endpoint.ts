import { auditHashSchema, chainFaults } from '@bulkhead/access/audit';
import {
  auditCheckOf,
  auditCheckQuerySchema,
  auditCsvHeader,
  auditDownloadQuerySchema,
  auditEventViewSchema,
  auditQuerySchema,
  toAuditCsvLine,
  toAuditView,
} from '@bulkhead/access/audit/commands';
import { checkAction, leftSignal, sendLines } from '@bulkhead/http';
import { at, connectionId, count, instant, page, success } from '@bulkhead/http/schemas';
import { viewOf } from '@bulkhead/store';
import { z } from 'zod';
import { defineEndpoint } from '../../define-endpoint.ts';
import { auditEventActions } from './access.actions.ts';

const previousHash = '5f0c4f4e0d2a2b7a9f0c7c1c9a2e5f6c7a8b9c0d1e2f3a4b5c6d7e8f9a0b1c2d';
const auditHash = '8c6f1d0a7e4b3c2d1f0e9d8c7b6a5f4e3d2c1b0a9f8e7d6c5b4a3f2e1d0c9b8a';
const expiresAt = '2032-05-02T10:00:00.000Z';

const auditEventExample = {
  id: 'evt_0196876b4c00c9477ed4b36076ce74be',
  at,
  actor: { kind: 'api-key', id: 'key_01a20ebbc9477ed4b36076ce74bec9ba', name: 'reporting', role: 'client' },
  action: 'resource.search',
  target: { provider: 'athenahealth', type: 'Observation', connectionId },
  patients: ['a-195900.E-1'],
  parameters: ['category', 'patient'],
  outcome: 'success',
  requestId: '5e4a2b4e-4d6b-4b9e-9b5e-0c8c1b7f2a10',
  address: '10.0.0.7',
  expiresAt,
  sequence: 4711,
  previousHash,
  previousExpiresAt: expiresAt,
  hash: auditHash,
};

const auditCsvExample = `${auditCsvHeader}${toAuditCsvLine(auditEventViewSchema.parse(auditEventExample))}`;

export const listAuditEvents = defineEndpoint({
  id: 'listAuditEvents',
  route: 'GET /api/ehr/audit-events',
  action: auditEventActions.list,
  summary: 'List audit events (who did what), newest first',
  description:
    'Returns who did what, when and with which outcome. Every change, every read of patient data and every refused attempt is an event. To read the log is an event too. docs/audit.md describes the fields.',
  request: { query: auditQuerySchema },
  responses: {
    200: page('A page of events, newest first', {
      item: auditEventViewSchema,
      example: [auditEventExample],
      hasTotal: true,
    }),
  },
  async handler({ query, services, process, audit }) {
    if (query.patient !== undefined) audit.addPatients([query.patient]);
    if (query.action !== undefined) checkAction(query.action, process.auditActions);
    const { items, next, total } = await services.audit.list(query);
    return { data: items.map(toAuditView), next, total };
  },
});

const contentTypes = { csv: 'text/csv; charset=utf-8', ndjson: 'application/x-ndjson' };

export const downloadAuditEvents = defineEndpoint({
  id: 'downloadAuditEvents',
  route: 'GET /api/ehr/audit-events/download',
  action: auditEventActions.download,
  summary: 'Download all audit events that match, newest first',
  description:
    'Streams the events as CSV or NDJSON, with the filters of the list and without its pages. A response that breaks off is not complete. The download is an event of the audit log, too. docs/audit.md describes the columns, and how texts that a spreadsheet would run as formulas are written.',
  request: { query: auditDownloadQuerySchema },
  responses: {
    200: {
      description: 'CSV with a header (RFC 4180), or NDJSON with `format=ndjson`',
      contentType: 'text/csv',
      otherContentType: contentTypes.ndjson,
      schema: z.string().describe('A line for each event.'),
      example: auditCsvExample,
    },
  },
  async handler({ query, services, process, audit, request, response }) {
    if (query.patient !== undefined) audit.addPatients([query.patient]);
    if (query.action !== undefined) checkAction(query.action, process.auditActions);
    const contentType = contentTypes[query.format];
    if (request.method === 'HEAD') {
      response.set('content-type', contentType).end();
      return;
    }
    const signal = leftSignal(response);
    const lines = services.audit.download(query);
    const fileName = `audit-events.${query.format}`;
    await sendLines({ lines, contentType, fileName, response, signal, slots: process.downloads });
  },
});

const chainPosition = z.strictObject({
  sequence: z.int().min(1).describe('The position in the chain, from 1.'),
  hash: auditHashSchema.describe('The hash of the event: SHA-256, in hexadecimal.'),
  at: instant.describe('When the event was recorded.'),
});

const auditCheckSchema = z
  .strictObject({
    checked: count.meta({ description: 'How many events were read and found correct.' }),
    isIntact: z.boolean().describe('Whether no fault was found in the checked events.'),
    oldest: chainPosition.optional().meta({ description: 'The first checked event.' }),
    last: chainPosition
      .optional()
      .meta({ description: 'The last checked event. If the check is complete, this is the head of the chain.' }),
    fault: z
      .strictObject({
        code: z
          .enum(chainFaults)
          .describe('`changed`, `replaced`, `missing`, `not-in-chain`, `head-missing` or `other-head`.'),
        sequence: z.number().optional().describe('The position of the first faulty event. Absent if it has none.'),
        eventId: z.string().optional().describe('The id of the first faulty event. Absent if the event is missing.'),
        message: z.string().describe('What the fault means, in a sentence.'),
      })
      .optional()
      .meta({ description: 'The first fault. The check stops there.' }),
    next: z
      .string()
      .optional()
      .meta({ description: 'The value of `cursor` for the next call, if there are more events.' }),
  })
  .meta({ id: 'AuditCheck', description: 'The result of a check of the chain of audit events.' });

const auditCheckExample = {
  checked: 4711,
  isIntact: true,
  oldest: { sequence: 1, hash: previousHash, at },
  last: { sequence: 4711, hash: auditHash, at },
};

export const verifyAuditEvents = defineEndpoint({
  id: 'verifyAuditEvents',
  route: 'GET /api/ehr/audit-events/verification',
  action: auditEventActions.verify,
  summary: 'Check whether audit events were changed, removed or added',
  description:
    'Reads up to `limit` events of the hash chain, from its beginning or after `cursor`. Store `last` of a complete check elsewhere, and send it as `expectedHead` of the next check. Only this detects that the newest events were removed.',
  request: { query: auditCheckQuerySchema },
  responses: { 200: success('The result', { data: auditCheckSchema, example: auditCheckExample }) },
  async handler({ query, services }) {
    return { data: viewOf(auditCheckSchema, auditCheckOf(await services.audit.verify(query))) };
  },
});
