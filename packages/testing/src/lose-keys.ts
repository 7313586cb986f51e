interface Keys {
  readonly keys: (pattern: string) => Promise<string[]>;
  readonly del: (...keys: string[]) => Promise<number>;
}

/** Deletes what a test file has in Redis, as if Redis had lost everything. Other files have their keys in the same Redis. */
export async function loseKeys(redis: Keys, prefix: string): Promise<void> {
  const keys = await redis.keys(`${prefix}*`);
  if (keys.length > 0) await redis.del(...keys);
}
