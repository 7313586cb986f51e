import { defineEndpoint } from '../../http/define-endpoint.ts';

export const letPatientIn = defineEndpoint({
  id: 'letPatientIn',
  method: 'delete',
  path: '/api/ehr/connections/:id/kept-out-patients/:patientId',
  action: 'patient.let-in',
  access: 'operator',
  audited: true,
  summary: 'Let an erased patient be stored again',
  responses: { 204: { description: 'The patient is not kept out' } },
  errors: ['unknown-connection'],
  async handler({ params: { id: connectionId, patientId }, caller: { scope }, services, audit }) {
    audit.addTarget({ connectionId });
    audit.setChanged(await services.erasures.allowPatient({ connectionId, patientId, scope }));
    return {};
  },
});
