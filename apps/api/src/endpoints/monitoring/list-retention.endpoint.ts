import { z } from 'zod';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { count, instant, later, success } from '../common.schema.ts';

const retentionSchema = z
  .strictObject({
    kind: z.string(),
    startedAt: instant,
    endedAt: instant.optional().meta({ description: 'Left out: the pass is under way.' }),
    deleted: count.optional().meta({ description: 'Records that this pass deleted.' }),
    keptDays: count.optional().meta({ description: 'How long the worker that looked last keeps such records.' }),
  })
  .meta({ id: 'RetentionPass', description: 'The last look at all records of a kind: see docs/retention.md.' });

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
  summary: 'What was deleted because of its age, by kind of record',
  responses: {
    200: { description: 'Passes', schema: success(z.array(retentionSchema)), example: [retentionExample] },
  },
  errors: [],
  async handler({ services }) {
    return { data: await services.monitoring.retention() };
  },
});
