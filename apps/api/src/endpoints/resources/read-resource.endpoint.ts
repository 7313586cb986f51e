import { defineEndpoint } from '../../http/define-endpoint.ts';
import { auditPatient } from './audit-patient.ts';
import { fhirJson, resourceExample, resourceQuerySchema, resourceSchema } from './resource.schema.ts';

export const readResource = defineEndpoint({
  id: 'readResource',
  method: 'get',
  path: '/api/ehr/:provider/resources/:type/:id',
  action: 'resource.read',
  access: 'client',
  audited: true,
  summary: 'A resource',
  request: { query: resourceQuerySchema, readBody: 'never' },
  responses: {
    200: { description: 'The resource', schema: resourceSchema, contentType: fhirJson, example: resourceExample },
  },
  errors: ['unknown-connection', 'unknown-resource', 'resource-deleted'],
  async handler({ params, query: { connectionId }, caller: { scope }, services, audit, response }) {
    auditPatient(audit, params);
    const { provider, type: resourceType, id: resourceId } = params;
    const which = { provider, connectionId, resourceType, resourceId, scope };
    const { text, patients } = await services.resources.read(which);
    audit.addPatients(patients);
    response.set('content-type', fhirJson).send(Buffer.from(text));
  },
});
