import { z } from 'zod';
import { count } from '../common.schema.ts';
import { connectionId } from '../example-values.ts';

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

export const rateBudgetExample = {
  name: 'athenahealth.production',
  provider: 'athenahealth',
  environment: 'production',
  connectionIds: [connectionId],
  window: { used: 9, limit: 16, windowMs: 2000 },
  minute: { used: 301, limit: 480 },
  day: { used: 48_211, limit: 100_000 },
  pausedMs: 4200,
  pauseReason: '429 Too Many Requests',
  slowMs: 64_200,
  waiting: { interactive: 0, poll: 1, 'kick-off': 0, download: 2, crawl: 0 },
};
