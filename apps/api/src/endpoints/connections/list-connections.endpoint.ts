import { toConnectionView } from '@bulkhead/connections/commands';
import { z } from 'zod';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { success } from '../common.schema.ts';
import { connectionExample, connectionSchema } from './connection.schema.ts';

export const listConnections = defineEndpoint({
  id: 'listConnections',
  method: 'get',
  path: '/api/ehr/connections',
  action: 'connection.list',
  access: 'client',
  audited: false,
  summary: 'Every connection',
  responses: {
    200: { description: 'Connections', schema: success(z.array(connectionSchema)), example: [connectionExample] },
  },
  errors: [],
  async handler({ caller: { scope }, services }) {
    return { data: (await services.connections.list(scope)).map(toConnectionView) };
  },
});
