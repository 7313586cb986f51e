import { auditOutcomes } from '@bulkhead/access';
import { auditQuerySchema, toAuditView } from '@bulkhead/access/commands';
import { z } from 'zod';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { count, instant, page } from '../common.schema.ts';
import { at, connectionId } from '../example-values.ts';
import { auditHash, expiresAt, hash, previousHash } from './audit-hash.ts';

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
