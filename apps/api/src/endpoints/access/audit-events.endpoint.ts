import { auditOutcomes, chainFaults } from '@bulkhead/access';
import { auditCheckQuerySchema, auditQuerySchema, toAuditCheckView, toAuditView } from '@bulkhead/access/commands';
import { z } from 'zod';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { at, connectionId, count, instant, page, success } from '../common.schema.ts';

const hash = z.string().regex(/^[0-9a-f]{64}$/);

const previousHash = '5f0c4f4e0d2a2b7a9f0c7c1c9a2e5f6c7a8b9c0d1e2f3a4b5c6d7e8f9a0b1c2d';
const auditHash = '8c6f1d0a7e4b3c2d1f0e9d8c7b6a5f4e3d2c1b0a9f8e7d6c5b4a3f2e1d0c9b8a';
const expiresAt = '2032-05-02T10:00:00.000Z';

const auditEventSchema = z
  .strictObject({
    id: z.string(),
    at: instant,
    actor: z.strictObject({
      kind: z.enum(['api-key', 'session', 'command', 'nobody']),
      id: z.string(),
      name: z.string().optional(),
      role: z.string().optional(),
    }),
    action: z.string(),
    target: z.record(z.string(), z.string()).meta({ description: 'Ids of what it was done to.' }),
    patients: z.array(z.string()).optional().meta({
      description: 'Ids at the EHR of the patients whose data were shown or asked for; `*`: any of the connection.',
    }),
    parameters: z.array(z.string()).optional().meta({ description: 'Names of the parameters of a search.' }),
    outcome: z.enum(auditOutcomes).meta({ description: '`unchanged`: it succeeded, and there was nothing to do.' }),
    code: z.string().optional(),
    requestId: z.string().optional(),
    address: z.string().optional(),
    count: count.optional(),
    counts: z.record(z.string(), count).optional().meta({ description: 'Of an erasure: how many records there were.' }),
    expiresAt: instant.meta({ description: 'When the database deletes the event.' }),
    sequence: z.int().min(1).optional().meta({ description: 'Its place in the chain.' }),
    previousHash: hash.optional().meta({ description: 'The hash of the event before.' }),
    previousExpiresAt: instant.optional().meta({ description: 'When the event before expires.' }),
    hash: hash.optional().meta({ description: 'SHA-256 over the canonical JSON (RFC 8785) of all other fields.' }),
  })
  .meta({ id: 'AuditEvent', description: 'Who did what, when, and how it ended.' });

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

export const listAuditEvents = defineEndpoint({
  id: 'listAuditEvents',
  method: 'get',
  path: '/api/ehr/audit-events',
  action: 'audit-event.list',
  access: 'operator',
  audited: true,
  summary: 'Who did what, newest first',
  request: { query: auditQuerySchema },
  responses: { 200: { description: 'Events', schema: page(auditEventSchema), example: [auditEventExample] } },
  errors: [],
  async handler({ query, services, audit }) {
    if (query.patient !== undefined) audit.addPatients([query.patient]);
    const { events, next } = await services.audit.list(query);
    return { data: events.map(toAuditView), next };
  },
});

const chainPosition = z.strictObject({ sequence: z.int().min(1), hash, at: instant });

const auditCheckSchema = z
  .strictObject({
    checked: count.meta({ description: 'How many events were read and found right.' }),
    isIntact: z.boolean(),
    oldest: chainPosition.optional().meta({ description: 'The first of them.' }),
    last: chainPosition.optional().meta({ description: 'The last of them. At the end of the chain, its head.' }),
    fault: z
      .strictObject({
        code: z.enum(chainFaults),
        sequence: z.number().optional(),
        eventId: z.string().optional(),
        message: z.string(),
      })
      .optional()
      .meta({ description: 'The first fault. The check ends there.' }),
    next: z.string().optional().meta({ description: 'The `after` of the next call, if there are more events.' }),
  })
  .meta({ id: 'AuditCheck', description: 'What a check of the chain of audit events has found.' });

const auditCheckExample = {
  checked: 4711,
  isIntact: true,
  oldest: { sequence: 1, hash: previousHash, at },
  last: { sequence: 4711, hash: auditHash, at },
};

export const verifyAuditEvents = defineEndpoint({
  id: 'verifyAuditEvents',
  method: 'get',
  path: '/api/ehr/audit-events/verification',
  action: 'audit-event.verify',
  access: 'operator',
  audited: true,
  summary: 'Whether events were changed, removed or added since they were written',
  description:
    'Reads the hash chain from its beginning, or on from `after`, up to `limit` events. Keep `last` of a complete check elsewhere and send it as `expectedHead` of the next one: only that finds removed newest events.',
  request: { query: auditCheckQuerySchema },
  responses: { 200: { description: 'The result', schema: success(auditCheckSchema), example: auditCheckExample } },
  errors: [],
  async handler({ query, services }) {
    return { data: toAuditCheckView(await services.audit.verify(query)) };
  },
});
