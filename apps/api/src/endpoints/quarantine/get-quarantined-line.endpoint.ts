import { toQuarantineView } from '@bulkhead/quarantine/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { success } from '../common.schema.ts';
import { quarantinedLineExample, quarantinedLineSchema } from './quarantine.schema.ts';

export const getQuarantinedLine = defineEndpoint({
  id: 'getQuarantinedLine',
  method: 'get',
  path: '/api/ehr/quarantine/:id',
  action: 'quarantine.describe',
  access: 'client',
  audited: false,
  summary: 'Where a line stood, and why it is here',
  request: { readBody: 'never' },
  responses: {
    200: { description: 'Line', schema: success(quarantinedLineSchema), example: quarantinedLineExample },
  },
  errors: ['unknown-line'],
  async handler({ params: { id }, caller: { scope }, services }) {
    return { data: toQuarantineView(await services.quarantine.find({ id, scope })) };
  },
});
