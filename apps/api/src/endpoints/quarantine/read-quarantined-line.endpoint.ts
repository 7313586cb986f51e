import { pipeline } from 'node:stream/promises';
import { anyPatient } from '@bulkhead/access';
import { defineEndpoint } from '../../http/define-endpoint.ts';

export const readQuarantinedLine = defineEndpoint({
  id: 'readQuarantinedLine',
  method: 'get',
  path: '/api/ehr/quarantine/:id/line',
  action: 'quarantine.read',
  access: 'operator',
  audited: true,
  summary: 'The line itself',
  request: { readBody: 'never' },
  responses: {
    200: {
      description: 'The bytes as the EHR sent them: of a line over 16 MB the first 16 MB',
      contentType: 'application/octet-stream',
    },
  },
  errors: ['unknown-line', 'line-not-kept'],
  async handler({ params: { id }, caller: { scope }, services, audit, response }) {
    const { entry, bytes } = await services.quarantine.open({ id, scope });
    audit.addTarget({ connectionId: entry.connectionId });
    // A line that is not a resource can be about any patient.
    audit.addPatients([anyPatient]);
    // The content is not checked, so a browser must not show it.
    response.set({
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment; filename="line.ndjson"',
    });
    await pipeline(bytes, response);
  },
});
