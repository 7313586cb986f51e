import { deleteConnectionQuerySchema } from '@bulkhead/erasure/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { actorOf } from '../../http/middleware/caller-of.ts';
import { success } from '../common.schema.ts';
import { answerErasure } from './answer-erasure.ts';
import { erasureExample, erasureSchema } from './erasure.schema.ts';

export const deleteConnection = defineEndpoint({
  id: 'deleteConnection',
  method: 'delete',
  path: '/api/ehr/connections/:id',
  action: 'connection.delete',
  access: 'operator',
  audited: true,
  summary: 'Remove a connection and its schedules. What it stored stays, or is purged too.',
  description:
    'With `data=purge` workers delete everything that is stored of the connection; exports and syncs that are running are cancelled. Ask for the amounts first. It also takes the id of a connection that was deleted before and left its data.',
  request: { query: deleteConnectionQuerySchema },
  responses: {
    202: { description: 'The purge is under way', schema: success(erasureSchema), example: erasureExample },
    204: { description: 'Removed. What it stored stays.' },
  },
  errors: ['unknown-connection', 'connection-in-use'],
  async handler({ params: { id }, query, caller, services, audit }) {
    const { scope } = caller;
    if (query.data === 'keep') {
      await services.connections.delete({ id, scope });
      return { status: 204 };
    }
    const requestedBy = actorOf(caller);
    return answerErasure(audit, await services.erasures.eraseConnection({ connectionId: id, scope, requestedBy }));
  },
});
