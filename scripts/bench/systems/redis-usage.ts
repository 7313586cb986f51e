import { Redis } from 'ioredis';

/** Reads what the Redis server has used so far. */
export async function readRedisUsage(url: string) {
  const redis = new Redis(url);
  try {
    const info = await redis.info('all');
    const read = (name: string) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1]);
    const [, calls = 0, usec = 0] = /^cmdstat_evalsha:calls=(\d+),usec=(\d+)/m.exec(info) ?? [];
    return {
      /** The CPU time of the whole server. */
      cpuSeconds: read('used_cpu_sys') + read('used_cpu_user'),
      memoryBytes: read('used_memory'),
      scriptCalls: Number(calls),
      /** The time in scripts, including the commands that they call. */
      scriptSeconds: Number(usec) / 1e6,
    };
  } finally {
    redis.disconnect();
  }
}
