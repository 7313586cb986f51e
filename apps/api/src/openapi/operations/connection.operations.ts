import { connectionBodySchema, deliveriesQuerySchema, webhookBodySchema } from '@bulkhead/service';
import { z } from 'zod';
import { success } from '../../endpoints/common.schema.ts';
import { capabilitiesQuerySchema } from '../../routes/capabilities.route.ts';
import { credentialsSchema } from '../../routes/connection.routes.ts';
import type { OperationGroup } from '../operation.ts';
import {
  capabilitiesSchema,
  connectionSchema,
  connectionTestSchema,
  providerSchema,
  startedTestSchema,
  watermarkSchema,
  webhookDeliverySchema,
  webhookSchema,
} from '../schemas/connection.schema.ts';
import {
  capabilitiesExample,
  connectionExample,
  connectionTestExample,
  providerExample,
  watermarkExample,
  webhookDeliveryExample,
  webhookExample,
} from './examples.ts';

const path = '/api/ehr/connections';

export const connectionOperations: OperationGroup = {
  name: 'Connections',
  description: 'A practice’s credentials at an EHR, and who is called back.',
  operations: [
    {
      method: 'get',
      path: '/api/ehr/providers',
      id: 'listProviders',
      summary: 'The EHR vendors that a connection can name, and what it can choose among',
      answers: {
        200: { description: 'Providers', schema: success(z.array(providerSchema)), example: [providerExample] },
      },
      errors: [],
    },
    {
      method: 'post',
      path,
      id: 'createConnection',
      summary: 'Add a connection',
      access: 'operator',
      body: {
        schema: connectionBodySchema,
        example: {
          provider: 'athenahealth',
          practiceId: '195900',
          auth: { method: 'client_credentials', clientId: 'client-id', clientSecret: 'client-secret' },
        },
      },
      answers: { 201: { description: 'Added', schema: success(connectionSchema), example: connectionExample } },
      errors: ['unknown-provider'],
    },
    {
      method: 'get',
      path,
      id: 'listConnections',
      summary: 'Every connection',
      answers: {
        200: { description: 'Connections', schema: success(z.array(connectionSchema)), example: [connectionExample] },
      },
      errors: [],
    },
    {
      method: 'get',
      path: `${path}/:id`,
      id: 'getConnection',
      summary: 'A connection',
      answers: { 200: { description: 'Connection', schema: success(connectionSchema), example: connectionExample } },
      errors: ['unknown-connection'],
    },
    {
      method: 'get',
      path: `${path}/:id/watermarks`,
      id: 'listWatermarks',
      summary: 'Up to when each type is wholly stored',
      answers: {
        200: { description: 'Watermarks', schema: success(z.array(watermarkSchema)), example: [watermarkExample] },
      },
      errors: ['unknown-connection'],
    },
    {
      method: 'post',
      path: `${path}/:id/test`,
      id: 'testConnection',
      summary: 'Try a connection out: discovery, token, a real read',
      body: { isOptional: true },
      answers: {
        200: { description: 'The result', schema: success(connectionTestSchema), example: connectionTestExample },
        202: {
          description: 'The test goes on',
          schema: success(startedTestSchema),
          example: { status: 'IN_PROGRESS', url: '/api/ehr/connections/conn_01a20ebbc93978f091b11de7704350e0' },
        },
      },
      errors: ['unknown-connection'],
    },
    {
      method: 'put',
      path: `${path}/:id/credentials`,
      id: 'changeCredentials',
      summary: 'Give a connection other credentials',
      access: 'operator',
      body: {
        schema: credentialsSchema,
        example: { auth: { method: 'client_credentials', clientId: 'client-id', clientSecret: 'a-new-secret' } },
      },
      answers: { 200: { description: 'Changed', schema: success(connectionSchema), example: connectionExample } },
      errors: ['unknown-connection'],
    },
    {
      method: 'get',
      path: '/api/ehr/:provider/capabilities',
      id: 'getCapabilities',
      summary: 'What the EHR of a connection offers',
      query: capabilitiesQuerySchema,
      answers: {
        200: { description: 'Capabilities', schema: success(capabilitiesSchema), example: capabilitiesExample },
      },
      errors: ['unknown-connection', 'capabilities-unknown'],
    },
    {
      method: 'put',
      path: `${path}/:id/webhook`,
      id: 'setWebhook',
      summary: 'Have the ends of exports and syncs told, and get the secret that calls are signed with',
      body: { schema: webhookBodySchema, example: { url: 'https://client.example/bulkhead' }, isOptional: true },
      answers: { 200: { description: 'Set', schema: success(webhookSchema), example: webhookExample } },
      errors: ['unknown-connection'],
    },
    {
      method: 'delete',
      path: `${path}/:id/webhook`,
      id: 'removeWebhook',
      summary: 'Have nobody called back',
      answers: { 204: { description: 'Removed' } },
      errors: ['unknown-connection'],
    },
    {
      method: 'get',
      path: '/api/ehr/webhook-deliveries',
      id: 'listWebhookDeliveries',
      summary: 'Calls of a connection, newest first',
      query: deliveriesQuerySchema,
      answers: {
        200: {
          description: 'Deliveries',
          schema: success(z.array(webhookDeliverySchema)),
          example: [webhookDeliveryExample],
        },
      },
      errors: ['unknown-connection'],
    },
    {
      method: 'post',
      path: '/api/ehr/webhook-deliveries/:id/resend',
      id: 'resendWebhookDelivery',
      summary: 'Make a call again',
      body: { isOptional: true },
      answers: {
        202: { description: 'Under way', schema: success(webhookDeliverySchema), example: webhookDeliveryExample },
      },
      errors: ['unknown-delivery'],
    },
  ],
};
