import { toCapabilitiesView } from '@bulkhead/connections/commands';
import { z } from 'zod';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { success } from '../common.schema.ts';

const capabilitiesSchema = z
  .strictObject({
    bulkExport: z.boolean().describe('Whether the EHR offers bulk exports.'),
    diagnosticReports: z.boolean().describe('Whether the EHR offers DiagnosticReport (lab results and imaging).'),
    carePlans: z.boolean().describe('Whether the EHR offers CarePlan (treatment plans).'),
    encounters: z.boolean().describe('Whether the EHR offers Encounter (visits).'),
    appointments: z.boolean().describe('Whether the EHR declares Appointment (scheduling).'),
    documentReferences: z.boolean().describe('Whether the EHR offers DocumentReference (clinical documents).'),
    rateLimit: z.string().describe('The rate that the EHR allows, such as `8 requests/second`, or `none`.'),
  })
  .meta({ id: 'Capabilities', description: 'What the EHR offers, in the shape of the guide.' });

/** Endpoint 4 of the guide. */
export const getCapabilities = defineEndpoint({
  id: 'getCapabilities',
  route: 'GET /api/ehr/:provider/capabilities',
  action: 'connection.read-capabilities',
  access: 'client',
  audited: false,
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
      },
    }),
  },
  errors: ['unknown-connection', 'capabilities-unknown'],
  async handler({ params, query: { connectionId: id }, caller: { scope }, services }) {
    const provider = services.registry.get(params.provider);
    const capabilities = await services.connections.capabilities({ provider: provider.id, id, scope });
    return { data: toCapabilitiesView({ capabilities, provider }) };
  },
});
