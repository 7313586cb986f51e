import { chainFaults } from '@bulkhead/access';
import { auditCheckQuerySchema, toAuditCheckView } from '@bulkhead/access/commands';
import { z } from 'zod';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { count, instant, success } from '../common.schema.ts';
import { at } from '../example-values.ts';
import { auditHash, hash, previousHash } from './audit-hash.ts';

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
