import { toWatermarkView, watermarkViewSchema } from '@bulkhead/bulk-export/commands';
import { z } from 'zod';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { at, exportId, success } from '../common.schema.ts';

export const listWatermarks = defineEndpoint({
  id: 'listWatermarks',
  method: 'get',
  path: '/api/ehr/connections/:id/watermarks',
  action: 'connection.read',
  access: 'client',
  audited: false,
  summary: 'List the watermarks: the time up to which each type is completely stored',
  responses: {
    200: {
      description: 'Watermarks',
      schema: success(z.array(watermarkViewSchema)),
      example: [{ resourceType: 'Patient', level: 'Patient', until: at, exportId }],
    },
  },
  errors: ['unknown-connection'],
  async handler({ params: { id }, caller: { scope }, services }) {
    return { data: (await services.bulkExports.watermarks({ id, scope })).map(toWatermarkView) };
  },
});
