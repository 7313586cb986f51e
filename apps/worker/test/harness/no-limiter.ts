import type { RateLimiter } from '@bulkhead/rate-limiter';

/** Lets every request out at once: a test that moves its clock cannot wait for a pause, which lasts as long as it says. */
export const noLimiter: RateLimiter = {
  acquire: async () => ({ settle: () => undefined }),
  pause: async () => undefined,
  readUse: async () => [],
  close: () => undefined,
};
