import { toConnectionView } from '@bulkhead/connections/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { success } from '../common.schema.ts';
import { connectionExample, connectionSchema } from './connection.schema.ts';

export const getConnection = defineEndpoint({
  id: 'getConnection',
  method: 'get',
  path: '/api/ehr/connections/:id',
  action: 'connection.read',
  access: 'client',
  audited: false,
  summary: 'A connection',
  responses: { 200: { description: 'Connection', schema: success(connectionSchema), example: connectionExample } },
  errors: ['unknown-connection'],
  async handler({ params: { id }, caller: { scope }, services }) {
    return { data: toConnectionView(await services.connections.find({ id, scope })) };
  },
});
