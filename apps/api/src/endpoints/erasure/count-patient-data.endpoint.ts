import { defineEndpoint } from '../../http/define-endpoint.ts';
import { success } from '../common.schema.ts';
import { amountsExample, amountsSchema } from './erasure.schema.ts';

export const countPatientData = defineEndpoint({
  id: 'countPatientData',
  method: 'get',
  path: '/api/ehr/connections/:id/patients/:patientId/data',
  action: 'patient.read-amounts',
  access: 'operator',
  audited: true,
  summary: 'What the erasure of a patient would delete',
  responses: { 200: { description: 'Amounts', schema: success(amountsSchema), example: amountsExample } },
  errors: ['unknown-connection'],
  async handler({ params: { id: connectionId, patientId }, caller: { scope }, services, audit }) {
    audit.addTarget({ connectionId });
    return { data: await services.erasures.amountsOfPatient({ connectionId, patientId, scope }) };
  },
});
