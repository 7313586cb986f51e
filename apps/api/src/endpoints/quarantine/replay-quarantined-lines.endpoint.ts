import { replayBodySchema } from '@bulkhead/quarantine/commands';
import { z } from 'zod';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { parseJson } from '../../http/middleware/parse-json.ts';
import { count, success } from '../common.schema.ts';
import { exportId } from '../example-values.ts';

export const replayQuarantinedLines = defineEndpoint({
  id: 'replayQuarantinedLines',
  method: 'post',
  path: '/api/ehr/quarantine/replay',
  action: 'quarantine.replay',
  access: 'operator',
  audited: true,
  summary: 'Store the lines of an export, a file or a sync run again',
  request: { body: { schema: replayBodySchema, example: { exportId } }, readBody: parseJson() },
  responses: {
    202: {
      description: 'Under way',
      schema: success(z.strictObject({ count }).meta({ id: 'ReplayedLines' })),
      example: { count: 3 },
    },
  },
  errors: [],
  async handler({ body, caller: { scope }, services, audit }) {
    const replayed = await services.quarantine.replayAll({ body, scope });
    audit.setChanged(replayed > 0);
    return { data: { count: replayed } };
  },
});
