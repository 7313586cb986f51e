import {
  connectionAuthSchema,
  connectionBodySchema,
  connectionViewSchema,
  toConnectionView,
} from '@bulkhead/connections/commands';
import { pageOf, shortListQuery } from '@bulkhead/runtime';
import { z } from 'zod';
import { defineEndpoint, endpointGroup } from '../../http/define-endpoint.ts';
import { page, success } from '../common.schema.ts';
import { getWebhookDelivery, listWebhookDeliveries } from '../webhooks/list-webhook-deliveries.endpoint.ts';
import { removeWebhook } from '../webhooks/remove-webhook.endpoint.ts';
import { resendWebhookDelivery } from '../webhooks/resend-webhook-delivery.endpoint.ts';
import { setWebhook } from '../webhooks/set-webhook.endpoint.ts';
import { connectionExample } from './connection.examples.ts';
import { getCapabilities } from './get-capabilities.endpoint.ts';
import { listProviders } from './list-providers.endpoint.ts';
import { listWatermarks } from './list-watermarks.endpoint.ts';
import { testConnection } from './test-connection.endpoint.ts';

const createConnection = defineEndpoint({
  id: 'createConnection',
  method: 'post',
  path: '/api/ehr/connections',
  action: 'connection.create',
  idempotency: 'answer',
  access: 'operator',
  audited: true,
  summary: 'Add a connection',
  request: {
    body: {
      schema: connectionBodySchema,
      example: {
        provider: 'athenahealth',
        practiceId: '195900',
        auth: { method: 'client_credentials', clientId: 'client-id', clientSecret: 'client-secret' },
      },
    },
  },
  responses: { 201: { description: 'Added', schema: success(connectionViewSchema), example: connectionExample } },
  errors: ['unknown-provider'],
  async handler({ body, services, audit }) {
    const connection = await services.connections.create(body);
    audit.target = { id: connection.id, provider: connection.provider, connectionId: connection.id };
    return { data: toConnectionView(connection), location: `/api/ehr/connections/${connection.id}` };
  },
});

const listConnections = defineEndpoint({
  id: 'listConnections',
  method: 'get',
  path: '/api/ehr/connections',
  action: 'connection.list',
  access: 'client',
  audited: false,
  summary: 'List all connections',
  request: { query: z.strictObject(shortListQuery) },
  responses: {
    200: { description: 'Connections', schema: page(connectionViewSchema), example: [connectionExample] },
  },
  errors: [],
  async handler({ query, caller: { scope }, services }) {
    const { items, next } = pageOf(await services.connections.list(scope), query, ({ id }) => id);
    return { data: items.map(toConnectionView), next };
  },
});

const getConnection = defineEndpoint({
  id: 'getConnection',
  method: 'get',
  path: '/api/ehr/connections/:id',
  action: 'connection.read',
  access: 'client',
  audited: false,
  summary: 'Return a connection',
  responses: { 200: { description: 'Connection', schema: success(connectionViewSchema), example: connectionExample } },
  errors: ['unknown-connection'],
  async handler({ params: { id }, caller: { scope }, services }) {
    return { data: toConnectionView(await services.connections.find({ id, scope })) };
  },
});

const changeCredentials = defineEndpoint({
  id: 'changeCredentials',
  method: 'put',
  path: '/api/ehr/connections/:id/credentials',
  action: 'connection.change-credentials',
  access: 'operator',
  audited: true,
  summary: 'Replace the credentials of a connection',
  request: {
    body: {
      schema: z.strictObject({ auth: connectionAuthSchema }),
      example: { auth: { method: 'client_credentials', clientId: 'client-id', clientSecret: 'a-new-secret' } },
    },
  },
  responses: { 200: { description: 'Changed', schema: success(connectionViewSchema), example: connectionExample } },
  errors: ['unknown-connection'],
  async handler({ params: { id }, body: { auth }, caller: { scope }, services }) {
    return { data: toConnectionView(await services.connections.changeCredentials({ id, scope, body: auth })) };
  },
});

export const connectionEndpoints = endpointGroup({
  name: 'Connections',
  description: 'The credentials of a practice at an EHR, and its webhook.',
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
    getWebhookDelivery,
    resendWebhookDelivery,
  ],
});
