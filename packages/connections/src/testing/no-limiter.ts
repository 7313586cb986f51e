import type { RateLimiter } from '@bulkhead/ehr/rate-limiter';

/** Lets all requests through at once. A test that moves its own clock cannot wait for a real pause. */
export const noLimiter: RateLimiter = {
  acquire: async () => ({ settle: () => undefined }),
  pause: async () => undefined,
  learnDayLimit: () => undefined,
  readUse: async () => [],
  close: () => undefined,
};
