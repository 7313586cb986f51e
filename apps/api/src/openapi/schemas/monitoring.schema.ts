import { z } from 'zod';
import { count } from '../../endpoints/common.schema.ts';

export const rateBudgetSchema = z
  .strictObject({
    name: z.string(),
    provider: z.string(),
    environment: z.string(),
    connectionIds: z.array(z.string()),
    window: z.strictObject({ used: count, limit: count, windowMs: count }),
    minute: z.strictObject({ used: count, limit: count }).optional(),
    day: z.strictObject({ used: count, limit: count }),
    pausedMs: count,
    pauseReason: z.string().optional(),
    slowMs: count,
    waiting: z.strictObject({ interactive: count, poll: count, 'kick-off': count, download: count, crawl: count }),
  })
  .meta({
    id: 'RateBudget',
    description:
      'What an EHR allows a client, and how much of it is used. `pausedMs`: how long it wants nobody to ask, `slowMs`: how long the rate stays halved; `waiting`: requests that wait, in all processes. Tokens have a budget of their own, whose name ends with `.token`. Clients of one provider have equal names: `connectionIds` tells them apart. Without `minute` where more than 6,000 a minute are allowed.',
  });

export const queueSchema = z
  .strictObject({
    queue: z.string(),
    jobs: z.strictObject({
      waiting: count,
      active: count,
      delayed: count,
      'waiting-children': count,
      failed: count,
    }),
    oldestSeconds: count,
    workers: count,
  })
  .meta({
    id: 'Queue',
    description: 'How a queue stands: its jobs, how long the first one has waited, and the processes that serve it.',
  });
