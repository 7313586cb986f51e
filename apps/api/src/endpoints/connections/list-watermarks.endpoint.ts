import { toWatermarkView } from '@bulkhead/bulk-export/commands';
import { exportTypes } from '@bulkhead/fhir';
import { z } from 'zod';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { instant, success } from '../common.schema.ts';
import { at, exportId } from '../example-values.ts';

const watermarkSchema = z
  .strictObject({ resourceType: z.string(), level: z.enum(exportTypes), until: instant, exportId: z.string() })
  .meta({
    id: 'Watermark',
    description:
      'Up to when a type is wholly stored, by the export of a level. `*`: every type, of exports that name none.',
  });

export const listWatermarks = defineEndpoint({
  id: 'listWatermarks',
  method: 'get',
  path: '/api/ehr/connections/:id/watermarks',
  action: 'connection.read',
  access: 'client',
  audited: false,
  summary: 'Up to when each type is wholly stored',
  responses: {
    200: {
      description: 'Watermarks',
      schema: success(z.array(watermarkSchema)),
      example: [{ resourceType: 'Patient', level: 'Patient', until: at, exportId }],
    },
  },
  errors: ['unknown-connection'],
  async handler({ params: { id }, caller: { scope }, services }) {
    return { data: (await services.bulkExports.watermarks({ id, scope })).map(toWatermarkView) };
  },
});
