import { endpointGroup } from '../../http/endpoint-group.ts';
import { listWebhookDeliveries } from '../webhooks/list-webhook-deliveries.endpoint.ts';
import { removeWebhook } from '../webhooks/remove-webhook.endpoint.ts';
import { resendWebhookDelivery } from '../webhooks/resend-webhook-delivery.endpoint.ts';
import { setWebhook } from '../webhooks/set-webhook.endpoint.ts';
import { changeCredentials } from './change-credentials.endpoint.ts';
import { createConnection } from './create-connection.endpoint.ts';
import { getCapabilities } from './get-capabilities.endpoint.ts';
import { getConnection } from './get-connection.endpoint.ts';
import { listConnections } from './list-connections.endpoint.ts';
import { listProviders } from './list-providers.endpoint.ts';
import { listWatermarks } from './list-watermarks.endpoint.ts';
import { testConnection } from './test-connection.endpoint.ts';

export const connectionEndpoints = endpointGroup({
  name: 'Connections',
  description: 'A practice’s credentials at an EHR, and who is called back.',
  endpoints: [
    listProviders,
    createConnection,
    listConnections,
    getConnection,
    listWatermarks,
    testConnection,
    changeCredentials,
    getCapabilities,
    setWebhook,
    removeWebhook,
    listWebhookDeliveries,
    resendWebhookDelivery,
  ],
});
