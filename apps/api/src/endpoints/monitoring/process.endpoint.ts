import { z } from 'zod';
import { defineEndpoint } from '../../http/define-endpoint.ts';

const healthSchema = z
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
  .meta({ id: 'Health' });

export const getHealth = defineEndpoint({
  id: 'getHealth',
  method: 'get',
  path: '/health',
  access: 'anyone',
  summary: 'Whether the process lives',
  responses: {
    200: {
      description: 'It lives',
      schema: healthSchema,
      example: { status: 'alive', eventLoop: { stalls: 0, longestStallMs: 0 } },
    },
  },
  errors: [],
  handler({ process, response }) {
    response.json(process.health.life);
  },
});

const readinessSchema = z
  .strictObject({
    ready: z.boolean(),
    checks: z.record(z.string(), z.enum(['up', 'down'])),
    stopping: z.literal(true).optional(),
  })
  .meta({ id: 'Readiness' });

export const getReadiness = defineEndpoint({
  id: 'getReadiness',
  method: 'get',
  path: '/ready',
  access: 'anyone',
  summary: 'Whether it can take requests',
  responses: {
    200: {
      description: 'Ready',
      schema: readinessSchema,
      example: { ready: true, checks: { mongodb: 'up', redis: 'up' } },
    },
    503: {
      description: 'Not ready: a dependency is down, or the process is stopping',
      schema: readinessSchema,
      example: { ready: false, checks: { mongodb: 'up', redis: 'down' } },
    },
  },
  errors: [],
  async handler({ process, response }) {
    const readiness = await process.health.readiness();
    response.status(readiness.ready ? 200 : 503).json(readiness);
  },
});

/** The page names connections and failures, so it is not for everyone. METRICS_TOKEN needs no database and opens nothing else. */
export const getMetrics = defineEndpoint({
  id: 'getMetrics',
  method: 'get',
  path: '/metrics',
  action: 'metrics.read',
  access: 'operator',
  audited: false,
  acceptsMetricsToken: true,
  summary: 'What this process has counted and measured, for Prometheus',
  description:
    'By `METRICS_TOKEN` as the bearer, where one is set, or by an operator’s key. `docs/metrics.md` lists what is on it.',
  responses: { 200: { description: 'In the text format of Prometheus', contentType: 'text/plain' } },
  errors: [],
  async handler({ process: { metrics }, response }) {
    response.type(metrics.contentType).send(await metrics.page());
  },
});
