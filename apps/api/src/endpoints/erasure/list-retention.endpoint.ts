import { count, instant, later, page } from '@bulkhead/http/schemas';
import { pageOf, shortListQuery, viewOf } from '@bulkhead/store';
import { z } from 'zod';
import { defineEndpoint } from '../../define-endpoint.ts';
import { retentionActions } from './erasure.actions.ts';

const retentionSchema = z
  .strictObject({
    kind: z.string().describe('The kind of record, such as `bulk-export`.'),
    startedAt: instant.describe('When the pass began.'),
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

const retentionExample = { kind: 'bulk-export', startedAt: later, endedAt: later, deleted: 12, keptDays: 90 };

export const listRetention = defineEndpoint({
  id: 'listRetention',
  route: 'GET /api/ehr/retention',
  action: retentionActions.read,
  summary: 'List the last retention pass for each kind of record',
  description:
    'Returns when the automatic deletion of old records last ran for each kind, how many records it deleted, and how long records are kept. docs/retention.md describes the kinds.',
  request: { query: shortListQuery },
  responses: {
    200: page('The last pass over each kind of record', { item: retentionSchema, example: [retentionExample] }),
  },
  async handler({ query, services }) {
    const { items, next } = pageOf(await services.monitoring.retention(), query, ({ kind }) => kind);
    return { data: items.map((pass) => viewOf(retentionSchema, pass)), next };
  },
});
