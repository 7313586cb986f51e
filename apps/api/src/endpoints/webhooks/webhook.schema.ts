import { webhookStates } from '@bulkhead/webhooks';
import { z } from 'zod';
import { instant } from '../common.schema.ts';
import { connectionId, exportId, later } from '../example-values.ts';

export const webhookDeliverySchema = z
  .strictObject({
    id: z.string(),
    connectionId: z.string(),
    url: z.string(),
    type: z.string(),
    body: z.unknown(),
    state: z.enum(webhookStates),
    attempts: z.array(z.strictObject({ at: instant, status: z.int().optional(), error: z.string().optional() })),
    createdAt: instant,
    deliveredAt: instant.optional(),
  })
  .meta({ id: 'WebhookDelivery' });

export const webhookDeliveryExample = {
  id: `${exportId}.9.1f0c7b3a`,
  connectionId,
  url: 'https://client.example/bulkhead',
  type: 'bulk-export.completed',
  body: { type: 'bulk-export.completed', timestamp: later, data: { id: exportId, status: 'COMPLETED' } },
  state: 'delivered',
  attempts: [{ at: later, status: 204 }],
  createdAt: later,
  deliveredAt: later,
};
