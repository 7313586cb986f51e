import { z } from 'zod';
import { defineEndpoint } from '../../http/define-endpoint.ts';

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
