import { connectionBodySchema, toConnectionView } from '@bulkhead/connections/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { success } from '../common.schema.ts';
import { connectionExample, connectionSchema } from './connection.schema.ts';

export const createConnection = defineEndpoint({
  id: 'createConnection',
  method: 'post',
  path: '/api/ehr/connections',
  action: 'connection.create',
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
  responses: { 201: { description: 'Added', schema: success(connectionSchema), example: connectionExample } },
  errors: ['unknown-provider'],
  async handler({ body, services, audit }) {
    const connection = await services.connections.create(body);
    audit.target = { id: connection.id, provider: connection.provider };
    return { data: toConnectionView(connection), location: `/api/ehr/connections/${connection.id}` };
  },
});
