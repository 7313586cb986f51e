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

const queues = ['bulk-export', 'file-download'] as const;

/**
 * Runs every active job a second time beside the first: either its lock is removed, so that the job counts as stalled,
 * or the job is added to its queue again. Both bypass BullMQ, which rejects duplicates.
 */
export const duplicateJobsAction = defineAction({
  kind: 'duplicate-jobs',
  mayFailExports: false,
  takesProcesses: false,
  async run({ system, random, disrupt, note }) {
    const redis = new Redis(system.redis.url);
    const duplicate = random.pick([removeLocks, queueAgain]);
    try {
      await disrupt(async () => {
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
  // Wakes a worker that waits for jobs.
  await redis.zadd(`${queue}:marker`, 0, '0');
  return active.length;
}
