import { erasePatientQuerySchema } from '@bulkhead/erasure/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { actorOf } from '../../http/middleware/caller-of.ts';
import { success } from '../common.schema.ts';
import { answerErasure } from './answer-erasure.ts';
import { erasureExample, erasureSchema } from './erasure.schema.ts';

export const erasePatient = defineEndpoint({
  id: 'erasePatient',
  method: 'delete',
  path: '/api/ehr/connections/:id/patients/:patientId',
  action: 'patient.erase',
  access: 'operator',
  audited: true,
  summary: 'Delete everything that is stored of a patient',
  request: { query: erasePatientQuerySchema },
  responses: { 202: { description: 'Under way', schema: success(erasureSchema), example: erasureExample } },
  errors: ['unknown-connection', 'connection-in-use', 'connection-of-patient'],
  async handler({ params: { id: connectionId, patientId }, query, caller, services, audit }) {
    audit.addTarget({ connectionId });
    const which = { connectionId, patientId, scope: caller.scope };
    const keepsOut = query.keepOut === 'true';
    return answerErasure(
      audit,
      await services.erasures.erasePatient({ ...which, keepsOut, requestedBy: actorOf(caller) }),
    );
  },
});
