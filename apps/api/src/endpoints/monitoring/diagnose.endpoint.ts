import { z } from 'zod';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { success } from '../common.schema.ts';

const diagnosisCheckSchema = z
  .strictObject({
    name: z.string(),
    state: z.enum(['ok', 'warning', 'failed']),
    found: z.string(),
    whatToDo: z.string().optional(),
  })
  .meta({ id: 'DiagnosisCheck', description: 'The result of one check of the deployment, and what to do about it.' });

const diagnosisExample = [
  { name: 'redis', state: 'ok', found: 'it responds, evicts no keys and persists its queues' },
  {
    name: 'workers',
    state: 'failed',
    found: 'no worker serves document',
    whatToDo: 'Start a worker, or add the queues to the WORKER_QUEUES of a running worker.',
  },
];

export const diagnose = defineEndpoint({
  id: 'diagnose',
  method: 'get',
  path: '/api/ehr/diagnosis',
  action: 'deployment.diagnose',
  access: 'operator',
  audited: false,
  summary: 'Check Redis, MongoDB, workers and connections, and say what to do about each fault',
  responses: {
    200: { description: 'Checks', schema: success(z.array(diagnosisCheckSchema)), example: diagnosisExample },
  },
  errors: [],
  async handler({ services }) {
    return { data: await services.diagnosis.run() };
  },
});
