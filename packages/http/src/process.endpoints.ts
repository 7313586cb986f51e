import { z } from 'zod';
import { defineActions } from './actions.ts';
import { anyone, defineEndpoint, endpointGroup } from './define-endpoint.ts';

const metricsActions = defineActions('metrics', { read: { keys: 'operator', people: 'viewer', audited: false } });

const healthSchema = z
  .strictObject({
    status: z.literal('alive').describe('The process can respond. This does not include the database.'),
    version: z.string().optional().describe('The version of Bulkhead.'),
    instance: z.string().optional().meta({ description: 'BULKHEAD_INSTANCE_ID, if it is set.' }),
    eventLoop: z
      .strictObject({
        stalls: z.int().meta({ description: 'How often the event loop was blocked for more than 5 seconds.' }),
        longestStallMs: z.int().meta({ description: 'The longest of these stalls, in milliseconds.' }),
        lastStallEndedAt: z.iso.datetime().optional().meta({ description: 'When the last stall ended.' }),
      })
      .meta({ description: 'The event loop of the process since its start.' }),
  })
  .meta({ id: 'Health', description: 'The process is alive.' });

const getHealth = defineEndpoint({
  id: 'getHealth',
  route: 'GET /health',
  action: anyone,
  summary: 'Check whether the process is alive',
  description:
    'Returns 200 as long as the process can respond at all. Use it as the liveness probe. It does not check the database, because a restart would not fix that.',
  responses: {
    200: {
      description: 'The process responds',
      schema: healthSchema,
      example: { status: 'alive', version: '1.4.0', eventLoop: { stalls: 0, longestStallMs: 0 } },
    },
  },
  handler({ process, response }) {
    response.json(process.health.life);
  },
});

const readinessSchema = z
  .strictObject({
    ready: z.boolean().describe('Whether requests should be sent to this process.'),
    checks: z
      .record(z.string(), z.enum(['up', 'down']))
      .describe('`up` or `down` for each server that the process depends on: `mongodb` and `redis`.'),
    stopping: z.boolean().optional().describe('`true` if the process is stopping. Otherwise absent.'),
  })
  .meta({
    id: 'Readiness',
    description: 'Whether the process can accept requests, and the state of its dependencies.',
  });

const getReadiness = defineEndpoint({
  id: 'getReadiness',
  route: 'GET /ready',
  action: anyone,
  summary: 'Check whether the process can accept requests',
  description:
    'Checks MongoDB and Redis. Use it as the readiness probe: 503 means that no requests should be sent to this process now.',
  responses: {
    200: {
      description: 'Requests can be sent to this process',
      schema: readinessSchema,
      example: { ready: true, checks: { mongodb: 'up', redis: 'up' } },
    },
    503: {
      description: 'Not ready: a dependency is down, or the process is stopping',
      schema: readinessSchema,
      example: { ready: false, checks: { mongodb: 'up', redis: 'down' } },
    },
  },
  async handler({ process, response }) {
    const readiness = await process.health.readiness();
    response.status(readiness.ready ? 200 : 503).json(readiness);
  },
});

/** The page contains ids of connections and failures, so it needs a key. METRICS_TOKEN needs no database and opens only this page. */
const getMetrics = defineEndpoint({
  id: 'getMetrics',
  route: 'GET /metrics',
  action: metricsActions.read,
  acceptsMetricsToken: true,
  summary: 'Return the metrics of this process, for Prometheus',
  description:
    'Needs `METRICS_TOKEN` as the bearer token, if it is set, or the key of an operator. `docs/metrics.md` lists the metrics.',
  responses: { 200: { description: 'In the text format of Prometheus', contentType: 'text/plain' } },
  async handler({ process: { metrics }, response }) {
    response.type(metrics.contentType).send(await metrics.page());
  },
});

export const processEndpoints = endpointGroup({
  name: 'Process',
  description: 'For load balancers and orchestrators.',
  endpoints: [getHealth, getReadiness, getMetrics],
});
