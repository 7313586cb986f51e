import { Redis } from 'ioredis';
import { defineAction } from './chaos-action.ts';

/** Deletes everything in Redis while the workers run. */
export const flushRedisAction = defineAction({
  kind: 'flush-redis',
  mayFailExports: false,
  takesProcesses: false,
  async run({ system, disrupt }) {
    const redis = new Redis(system.redis.url);
    try {
      await disrupt(() => redis.flushall());
    } finally {
      redis.disconnect();
    }
  },
});
