import { toErasureView } from '@bulkhead/erasure/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { success } from '../common.schema.ts';
import { erasureExample, erasureSchema } from './erasure.schema.ts';

export const getErasure = defineEndpoint({
  id: 'getErasure',
  method: 'get',
  path: '/api/ehr/erasures/:id',
  action: 'erasure.read',
  access: 'operator',
  audited: false,
  summary: 'An erasure, and how far it is',
  responses: { 200: { description: 'Erasure', schema: success(erasureSchema), example: erasureExample } },
  errors: ['unknown-erasure'],
  async handler({ params: { id }, caller: { scope }, services }) {
    return { data: toErasureView(await services.erasures.find({ id, scope })) };
  },
});
