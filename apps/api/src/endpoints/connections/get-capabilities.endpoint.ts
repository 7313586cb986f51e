import { toCapabilitiesView } from '@bulkhead/connections/commands';
import { z } from 'zod';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { success } from '../common.schema.ts';

const capabilitiesSchema = z
  .strictObject({
    bulkExport: z.boolean(),
    diagnosticReports: z.boolean(),
    carePlans: z.boolean(),
    encounters: z.boolean(),
    appointments: z.boolean(),
    documentReferences: z.boolean(),
    rateLimit: z.string(),
  })
  .meta({ id: 'Capabilities', description: 'What the EHR offers, in the shape of the guide.' });

/** Endpoint 4 of the guide. */
export const getCapabilities = defineEndpoint({
  id: 'getCapabilities',
  method: 'get',
  path: '/api/ehr/:provider/capabilities',
  action: 'connection.read-capabilities',
  access: 'client',
  audited: false,
  summary: 'Return what the EHR of a connection offers',
  request: { query: z.strictObject({ connectionId: z.string().min(1).max(100) }) },
  responses: {
    200: {
      description: 'Capabilities',
      schema: success(capabilitiesSchema),
      example: {
        bulkExport: true,
        diagnosticReports: true,
        carePlans: true,
        encounters: true,
        appointments: true,
        documentReferences: true,
        rateLimit: '8 requests/second',
      },
    },
  },
  errors: ['unknown-connection', 'capabilities-unknown'],
  async handler({ params, query: { connectionId: id }, caller: { scope }, services }) {
    const provider = services.registry.get(params.provider);
    const capabilities = await services.connections.capabilities({ provider: provider.id, id, scope });
    return { data: toCapabilitiesView({ capabilities, provider }) };
  },
});
