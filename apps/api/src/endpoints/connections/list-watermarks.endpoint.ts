import { at, exportId, page } from '@bulkhead/http/schemas';
import { toWatermarkView, watermarkViewSchema } from '@bulkhead/imports/export/commands';
import { pageOf, shortListQuery } from '@bulkhead/store';
import { defineEndpoint } from '../../define-endpoint.ts';
import { connectionActions } from './connection.actions.ts';

export const listWatermarks = defineEndpoint({
  id: 'listWatermarks',
  route: 'GET /api/ehr/connections/:id/watermarks',
  action: connectionActions.read,
  summary: 'List the watermarks: the time up to which each type is completely stored',
  description:
    'Returns the time up to which everything is stored, for each level and type. An export with `since: "last"` starts there. A type without a watermark was never stored completely.',
  request: { query: shortListQuery },
  responses: {
    200: page('One entry for each level and type', {
      item: watermarkViewSchema,
      example: [{ resourceType: 'Patient', level: 'Patient', until: at, deletionsUntil: at, exportId }],
    }),
  },
  errors: ['unknown-connection'],
  async handler({ params: { id }, query, caller: { scope }, services }) {
    const { items, next } = pageOf(await services.bulkExports.watermarks({ id, scope }), query);
    return { data: items.map(toWatermarkView), next };
  },
});
