import { Redis } from 'ioredis';
import { defineAction } from './chaos-action.ts';

const queues = ['bulk-export', 'file-download'] as const;

/**
 * Every job that runs is run a second time beside the first: either its lock vanishes, so that it counts as stalled, or it
 * stands in its queue once more. Both go around BullMQ, whose own ways refuse a duplicate.
 */
export const duplicateJobsAction = defineAction({
  kind: 'duplicate-jobs',
  mayFailExports: false,
  takesProcesses: false,
  async run({ system, random, strike, note }) {
    const redis = new Redis(system.redis.url);
    const duplicate = random.pick([removeLocks, queueAgain]);
    try {
      await strike(async () => {
        let count = 0;
        for (const queue of queues) count += await duplicate(redis, `${system.prefix}:${queue}`);
        note(`${duplicate === removeLocks ? 'locks of' : 'queued again:'} ${count} jobs`);
      });
    } finally {
      redis.disconnect();
    }
  },
});

async function removeLocks(redis: Redis, queue: string): Promise<number> {
  const active = await redis.lrange(`${queue}:active`, 0, -1);
  for (const jobId of active) await redis.del(`${queue}:${jobId}:lock`);
  return active.length;
}

async function queueAgain(redis: Redis, queue: string): Promise<number> {
  const active = await redis.lrange(`${queue}:active`, 0, -1);
  for (const jobId of active) await redis.lpush(`${queue}:wait`, jobId);
  // What wakes a worker that waits for jobs.
  await redis.zadd(`${queue}:marker`, 0, '0');
  return active.length;
}
