import { toCapabilitiesView } from '@bulkhead/connections/commands';
import { rateLimitOf } from '@bulkhead/ehr/providers';
import { later, success } from '@bulkhead/http/schemas';
import { typeRowSchema } from '@bulkhead/imports/export/commands';
import { z } from 'zod';
import { defineEndpoint } from '../../define-endpoint.ts';
import { connectionActions } from './connection.actions.ts';

const capabilitiesSchema = z
  .strictObject({
    bulkExport: z.boolean().describe('Whether the EHR offers bulk exports.'),
    diagnosticReports: z.boolean().describe('Whether the EHR offers DiagnosticReport (lab results and imaging).'),
    carePlans: z.boolean().describe('Whether the EHR offers CarePlan (treatment plans).'),
    encounters: z.boolean().describe('Whether the EHR offers Encounter (visits).'),
    appointments: z.boolean().describe('Whether the EHR declares Appointment (scheduling).'),
    documentReferences: z.boolean().describe('Whether the EHR offers DocumentReference (clinical documents).'),
    rateLimit: z
      .string()
      .describe(
        'The rate that Bulkhead keeps, such as `8 requests/second`, or `none`. For athenahealth it is the default of the integration guide, unless the operator has set another.',
      ),
    types: z
      .array(typeRowSchema)
      .describe(
        'One row for each type of records that the EHR declares, that the guide names, or that was exported or stored.',
      ),
  })
  .meta({ id: 'Capabilities', description: 'What the EHR offers, in the shape of the guide.' });

/** Endpoint 4 of the guide. */
export const getCapabilities = defineEndpoint({
  id: 'getCapabilities',
  route: 'GET /api/ehr/:provider/capabilities',
  action: connectionActions.readCapabilities,
  summary: 'Return what the EHR of a connection offers',
  description:
    'Returns what the server declares in its CapabilityStatement, in the shape of the guide. Use it to decide between a bulk export and an enhanced sync. If the EHR has not responded yet, send the request again after `Retry-After`.',
  request: {
    query: z.strictObject({
      connectionId: z.string().min(1).max(100).describe('The connection whose EHR is described.'),
    }),
  },
  responses: {
    200: success('What the EHR declares, in the shape of the guide', {
      data: capabilitiesSchema,
      example: {
        bulkExport: true,
        diagnosticReports: true,
        carePlans: true,
        encounters: true,
        appointments: true,
        documentReferences: true,
        rateLimit: '8 requests/second',
        types: [
          {
            resourceType: 'Condition',
            declared: true,
            exported: 'sent',
            exportedAt: later,
            searched: 'by-patient',
            covered: true,
            stored: true,
          },
          { resourceType: 'Coverage', declared: true, searched: 'by-patient', covered: false, stored: false },
        ],
      },
    }),
  },
  errors: ['unknown-connection', 'capabilities-unknown'],
  async handler({ params, query: { connectionId: id }, caller: { scope }, services }) {
    const reference = { provider: params.provider, id, scope };
    const capabilities = await services.connections.capabilities(reference);
    const connection = await services.connections.find(reference);
    const provider = services.registry.get(connection.provider);
    const types = await services.bulkExports.typeTable(reference);
    return { data: { ...toCapabilitiesView({ capabilities, rateLimit: rateLimitOf(connection, provider) }), types } };
  },
});
