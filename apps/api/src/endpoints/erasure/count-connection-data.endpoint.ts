import { defineEndpoint } from '../../http/define-endpoint.ts';
import { success } from '../common.schema.ts';
import { amountsExample, amountsSchema } from './erasure.schema.ts';

export const countConnectionData = defineEndpoint({
  id: 'countConnectionData',
  method: 'get',
  path: '/api/ehr/connections/:id/data',
  action: 'connection.read-amounts',
  access: 'operator',
  // Counts, and nothing of what is counted.
  audited: false,
  summary: 'How much is stored of a connection, also of one that was deleted and left its data',
  responses: { 200: { description: 'Amounts', schema: success(amountsSchema), example: amountsExample } },
  errors: ['unknown-connection'],
  async handler({ params: { id: connectionId }, caller: { scope }, services }) {
    return { data: await services.erasures.amountsOf({ connectionId, scope }) };
  },
});
