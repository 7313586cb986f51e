import { Redis } from 'ioredis';

export interface RedisUsage {
  /** The CPU time of the whole server. */
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
  readonly scriptCalls: number;
  /** The time in scripts, including the commands that they call. */
  readonly scriptSeconds: number;
}

/** Reads what the Redis server has used so far. */
export async function readRedisUsage(url: string): Promise<RedisUsage> {
  const redis = new Redis(url);
  try {
    const info = await redis.info('all');
    const read = (name: string) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1]);
    const [, calls = 0, usec = 0] = /^cmdstat_evalsha:calls=(\d+),usec=(\d+)/m.exec(info) ?? [];
    return {
      cpuSeconds: read('used_cpu_sys') + read('used_cpu_user'),
      memoryBytes: read('used_memory'),
      scriptCalls: Number(calls),
      scriptSeconds: Number(usec) / 1e6,
    };
  } finally {
    redis.disconnect();
  }
}
