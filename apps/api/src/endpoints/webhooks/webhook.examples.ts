import { connectionId, exportId, later } from '../common.schema.ts';

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
