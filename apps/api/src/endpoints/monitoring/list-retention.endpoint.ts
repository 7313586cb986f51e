import { z } from 'zod';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { count, instant, later, success } from '../common.schema.ts';

const retentionSchema = z
  .strictObject({
    kind: z.string(),
    startedAt: instant,
    endedAt: instant.optional().meta({ description: 'Absent while the pass is running.' }),
    deleted: count.optional().meta({ description: 'How many records this pass has deleted.' }),
    keptDays: count.optional().meta({
      description: 'How many days such records are kept, according to the worker that ran the last part of the pass.',
    }),
  })
  .meta({
    id: 'RetentionPass',
    description: 'The last pass of retention over all records of a kind. See docs/retention.md.',
  });

const retentionExample = {
  kind: 'bulk-export',
  startedAt: later,
  endedAt: later,
  deleted: 12,
  keptDays: 90,
};

export const listRetention = defineEndpoint({
  id: 'listRetention',
  method: 'get',
  path: '/api/ehr/retention',
  action: 'retention.read',
  access: 'operator',
  audited: false,
  summary: 'List the last retention pass for each kind of record',
  responses: {
    200: { description: 'Passes', schema: success(z.array(retentionSchema)), example: [retentionExample] },
  },
  errors: [],
  async handler({ services }) {
    return { data: await services.monitoring.retention() };
  },
});
