import { erasureListQuerySchema, toErasureView } from '@bulkhead/erasure/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { page } from '../common.schema.ts';
import { erasureExample, erasureSchema } from './erasure.schema.ts';

export const listErasures = defineEndpoint({
  id: 'listErasures',
  method: 'get',
  path: '/api/ehr/erasures',
  action: 'erasure.list',
  access: 'operator',
  audited: false,
  summary: 'Erasures, newest first',
  request: { query: erasureListQuerySchema },
  responses: { 200: { description: 'Erasures', schema: page(erasureSchema), example: [erasureExample] } },
  errors: [],
  async handler({ query, caller: { scope }, services }) {
    const { erasures, next } = await services.erasures.list({ query, scope });
    return { data: erasures.map(toErasureView), next };
  },
});
