import { connectionAuthSchema, toConnectionView } from '@bulkhead/connections/commands';
import { z } from 'zod';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { success } from '../common.schema.ts';
import { connectionExample, connectionSchema } from './connection.schema.ts';

export const changeCredentials = defineEndpoint({
  id: 'changeCredentials',
  method: 'put',
  path: '/api/ehr/connections/:id/credentials',
  action: 'connection.change-credentials',
  access: 'operator',
  audited: true,
  summary: 'Give a connection other credentials',
  request: {
    body: {
      schema: z.strictObject({ auth: connectionAuthSchema }),
      example: { auth: { method: 'client_credentials', clientId: 'client-id', clientSecret: 'a-new-secret' } },
    },
  },
  responses: { 200: { description: 'Changed', schema: success(connectionSchema), example: connectionExample } },
  errors: ['unknown-connection'],
  async handler({ params: { id }, body: { auth }, caller: { scope }, services }) {
    return { data: toConnectionView(await services.connections.changeCredentials({ id, scope, body: auth })) };
  },
});
