import type { WebhookDelivery } from '../api/records.ts';

export const deliveryStates = ['pending', 'delivered', 'failed'] as const satisfies readonly WebhookDelivery['state'][];
