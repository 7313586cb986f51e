import { z } from 'zod';
import type { OperationGroup } from '../operation.ts';

const readinessSchema = z
  .strictObject({
    ready: z.boolean(),
    checks: z.record(z.string(), z.enum(['up', 'down'])),
    stopping: z.literal(true).optional(),
  })
  .meta({ id: 'Readiness' });

const readiness = { ready: true, checks: { mongodb: 'up', redis: 'up' } };

export const processOperations: OperationGroup = {
  name: 'Process',
  description: 'For load balancers and orchestrators.',
  operations: [
    {
      method: 'get',
      path: '/health',
      id: 'getHealth',
      summary: 'Whether the process lives',
      access: 'anyone',
      answers: {
        200: {
          description: 'It lives',
          schema: z
            .strictObject({
              status: z.literal('alive'),
              instance: z.string().optional().meta({ description: 'BULKHEAD_INSTANCE_ID, if it is set.' }),
              eventLoop: z
                .strictObject({
                  stalls: z.int().meta({ description: 'How often it stood still for more than 5 seconds.' }),
                  longestStallMs: z.int().meta({ description: 'The longest of these times, in milliseconds.' }),
                  lastStallEndedAt: z.iso.datetime().optional().meta({ description: 'When the last one ended.' }),
                })
                .meta({ description: 'The event loop of the process since its start.' }),
            })
            .meta({ id: 'Health' }),
          example: { status: 'alive', eventLoop: { stalls: 0, longestStallMs: 0 } },
        },
      },
      errors: [],
    },
    {
      method: 'get',
      path: '/ready',
      id: 'getReadiness',
      summary: 'Whether it can take requests',
      access: 'anyone',
      answers: {
        200: { description: 'Ready', schema: readinessSchema, example: readiness },
        503: {
          description: 'Not ready: a dependency is down, or the process is stopping',
          schema: readinessSchema,
          example: { ready: false, checks: { mongodb: 'up', redis: 'down' } },
        },
      },
      errors: [],
    },
    {
      method: 'get',
      path: '/metrics',
      id: 'getMetrics',
      summary: 'What this process has counted and measured, for Prometheus',
      description:
        'By `METRICS_TOKEN` as the bearer, where one is set, or by an operator’s key. `docs/metrics.md` lists what is on it.',
      access: 'operator',
      answers: { 200: { description: 'In the text format of Prometheus', contentType: 'text/plain' } },
      errors: [],
    },
  ],
};
