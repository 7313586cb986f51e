import { isIPv6 } from 'node:net';
import type { ApiKey } from '@bulkhead/access';
import { AppError } from '@bulkhead/runtime';
import { RateLimiterMemory, RateLimiterRedis, RLWrapperTimeouts } from 'rate-limiter-flexible';

/** Nobody mistypes a key that is pasted ten times in ten minutes. */
const loginAttempts = 10;
const loginWindowSeconds = 10 * 60;

export type RequestLimits = ReturnType<typeof createRequestLimits>;

/** How often somebody may ask. Keys have 256 random bits and are guessed by nobody: this keeps the noise down. */
export function createRequestLimits(options: {
  readonly redis: unknown;
  readonly prefix: string;
  /** Of a key that has no limit of its own. */
  readonly requestsPerMinute: number;
  /** Of each address, with keys that are none. */
  readonly refusalsPerMinute: number;
  /** Of browsers on their way to or from an EHR, from all addresses together. One address gets half of them. */
  readonly authorizationsPerMinute: number;
}) {
  const { redis, prefix, requestsPerMinute, refusalsPerMinute, authorizationsPerMinute } = options;
  const counter = (name: string, windowSeconds: number) => createCounter({ redis, prefix, name, windowSeconds });
  const requests = counter('requests', 60);
  const refusals = counter('refusals', 60);
  const anonymous = counter('anonymous', 60);
  const logins = counter('logins', loginWindowSeconds);
  const add = async (options: {
    readonly to: Counter;
    readonly id: string;
    readonly limit: number;
    readonly message: string;
  }) => {
    const { to, id, limit, message } = options;
    const { count, restMs } = await to.add(id);
    if (count <= limit) return;
    throw new AppError({ code: 'too-many-requests', message, retry: { afterMs: restMs } });
  };
  return {
    /** @throws AppError `too-many-requests` */
    countRequest: (apiKey: ApiKey): Promise<void> =>
      add({
        to: requests,
        id: apiKey.id,
        limit: apiKey.requestsPerMinute ?? requestsPerMinute,
        message:
          'Too many requests with this key. Ask again after `Retry-After`; an operator can make one with a higher limit.',
      }),

    /**
     * A request with a key that is none. Keys that are good are let in from the same address all the same: behind it may be a
     * whole hospital, and one forgotten program.
     * @throws AppError `too-many-requests`
     */
    countRefusal: (address: string): Promise<void> =>
      add({
        to: refusals,
        id: networkOf(address),
        limit: refusalsPerMinute,
        message: 'Too many requests without a key that is good. Correct the program at this address that sends them.',
      }),

    /**
     * A browser on its way to or from an EHR. It needs no key, and can cause a request to the EHR.
     * @throws AppError `too-many-requests`
     */
    async countAnonymous(address: string): Promise<void> {
      await add({
        to: anonymous,
        id: networkOf(address),
        limit: Math.ceil(authorizationsPerMinute / 2),
        message: 'There were too many authorizations from this address. Wait a minute and try again.',
      });
      await add({
        to: anonymous,
        id: 'all',
        limit: authorizationsPerMinute,
        message: 'There were too many authorizations in the last minute. Wait a minute and try again.',
      });
    },

    /**
     * A log-in with a key that does not exist. Good keys are accepted from the same address all the same: a whole hospital may be
     * behind it.
     * @throws AppError `too-many-requests`
     */
    countFailedLogin: (address: string): Promise<void> =>
      add({
        to: logins,
        id: networkOf(address),
        limit: loginAttempts,
        message: 'There were too many failed attempts to log in from this address. Use a key of this system.',
      }),
  };
}

export interface Count {
  readonly count: number;
  /** Until it begins anew. */
  readonly restMs: number;
}

export interface CounterOptions {
  /** Of ioredis. */
  readonly redis: unknown;
  readonly prefix: string;
  readonly name: string;
  readonly windowSeconds: number;
}

type Counter = ReturnType<typeof createCounter>;

/** A request must not wait for a Redis that hangs; it answers within a millisecond. */
const redisTimeoutMs = 100;
/** Limits differ from key to key, so what is too much is judged where it is known. */
const points = Number.MAX_SAFE_INTEGER;

/** Counts by id within windows, over all API processes. While Redis is away each process counts for itself. */
function createCounter({ redis, prefix, name, windowSeconds: duration }: CounterOptions) {
  const inMemory = new RateLimiterMemory({ points, duration });
  const inRedis = new RateLimiterRedis({
    storeClient: redis,
    keyPrefix: `${prefix}:${name}`,
    points,
    duration,
    rejectIfRedisNotReady: true,
  });
  const limiter = new RLWrapperTimeouts({ limiter: inRedis, timeoutMs: redisTimeoutMs, insuranceLimiter: inMemory });
  return {
    async add(id: string): Promise<Count> {
      const { consumedPoints: count, msBeforeNext: restMs } = await limiter.consume(id);
      return { count, restMs };
    },
  };
}

/** What one client has of addresses: an IPv4 address, or the /64 network that every IPv6 host can number as it likes (RFC 4291 2.5.1). */
export function networkOf(address: string): string {
  const [plain = ''] = address.toLowerCase().split('%');
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain)?.[1];
  if (mapped !== undefined || !isIPv6(plain)) return mapped ?? plain;
  const [head = '', tail = ''] = plain.split('::');
  const [left, right] = [head, tail].map((groups) => groups.split(':').filter((group) => group !== ''));
  const missing = plain.includes('::') ? 8 - (left?.length ?? 0) - (right?.length ?? 0) : 0;
  const groups = [...(left ?? []), ...Array.from({ length: missing }, () => '0'), ...(right ?? [])];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
