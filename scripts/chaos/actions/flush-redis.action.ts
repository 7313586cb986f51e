import { Redis } from 'ioredis';
import { defineAction } from './chaos-action.ts';

/** Redis forgets everything, under living workers. */
export const flushRedisAction = defineAction({
  kind: 'flush-redis',
  mayFailExports: false,
  takesProcesses: false,
  async run({ system, strike }) {
    const redis = new Redis(system.redis.url);
    try {
      await strike(() => redis.flushall());
    } finally {
      redis.disconnect();
    }
  },
});
