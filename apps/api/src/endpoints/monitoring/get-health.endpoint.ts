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
